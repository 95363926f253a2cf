"""News about companies, as stories: what happens, in several wordings, and how one asks for it.

X is the company, R its rival. The lead brings the news, the middle its circumstances; compare holds
the same thing at another time or elsewhere, so that every answer has a neighbour of its own kind.
The first question of a fact is the plain one: it shares its words with the plain wording.
"""

from __future__ import annotations

from kd_course.corpora.reading_grammar import Beat, Story

COMPANY = {
    "X": "main", "R": "rival", "chief": "person chief", "analyst": "person analyst",
    "founder": "person founder", "founded": "date founding", "birthplace": "place",
    "staff": "count 100 600 people", "sales": "money 900 9000", "move": "percent 11 98",
    "down": "reason down", "up": "reason up", "report": "date soon",
    "owner": "family", "stake": "percent 180 650",
}  # fmt: skip

FOUNDED = Beat(
    {
        "founded": (
            "When was {X} founded?",
            "When did {X} come into being?",
            "In which year did the history of {X} begin?",
            "Since when has {X} existed?",
        ),
        "founder": (
            "Who founded {X}?",
            "Who brought {X} into being?",
            "Whose idea was {X} originally?",
            "Who started {X}?",
        ),
        "birthplace": (
            "Where was {X} founded?",
            "Where are the roots of {X}?",
            "In which city does {X} have its origins?",
            "Where did {X} begin?",
        ),
    },
    (
        "{X} was set up {birthplace} {founded} by {founder}.",
        "{X} has grown out of a workshop that {founder} opened {birthplace} {founded}.",
        "It was {founder:title} who established {X} {birthplace} {founded}.",
    ),
    "{X} was founded {birthplace} {founded} by {founder:title}.",
)
STAFF = Beat(
    {
        "staff": (
            "How many people does {X} employ in all?",
            "How large is the workforce of {X} as a whole?",
            "What is the total headcount of {X}?",
            "How many people work for {X} altogether?",
        )
    },
    (
        "{X:it} employs {staff} in all.",
        "In all, {X:it} has {staff} on its payroll.",
    ),
    "{X} employs {staff} in all.",
)
SALES = Beat(
    {
        "sales": (
            "How large were the sales of {X} last year?",
            "What was the turnover of {X} last year?",
            "How much revenue did {X} have?",
            "What did {X} take in over the year?",
        )
    },
    (
        "Last year {X:it} had sales of {sales}.",
        "{X:its} sales came to {sales} last year.",
    ),
    "{X} had sales of {sales} last year.",
)
OWNER = Beat(
    {
        "owner": (
            "Who owns the largest part of {X}?",
            "Who is the most important shareholder of {X}?",
            "Who has the most say among the shareholders of {X}?",
        ),
        "stake": (
            "How large a part of {X} does its largest owner have?",
            "How big is the stake of the main shareholder of {X}?",
            "What share of the stock of {X} is in the hands of the main shareholder?",
        ),
    },
    (
        "{X:its} largest owner is {owner}, with {stake} of the shares.",
        "{owner} owns {stake} of {X}; the rest is spread over many small investors.",
    ),
    "The largest owner of {X} is {owner}, which owns a part of {stake}.",
)
REPORT = Beat(
    {
        "report": (
            "When will {X} publish its next results?",
            "When are new figures from {X} expected?",
            "When can investors expect to hear from {X} again?",
            "When does {X} open its books the next time?",
        )
    },
    (
        "{X:it} will publish its next results {report}.",
        "The next results of {X} are due {report}.",
    ),
    "{X} will publish its next results {report}.",
)
BACKGROUND = (FOUNDED, STAFF, SALES, OWNER, REPORT)


def chief(*quotes: str) -> tuple[Beat, ...]:
    """The head of the company says something: one beat a quotation."""
    asked = {
        "chief": (
            "Who is the chief executive of {X}?",
            "Who runs {X}?",
            "Who is at the helm of {X}?",
            "Who is the boss of {X}?",
        )
    }
    return tuple(
        Beat(
            asked,
            (
                f'"{quote}," said {{X}}\'s {{chief:title}}.',
                f'"{quote}," said {{chief:appos}}.',
                f'{{X:its}} {{chief:title}} said: "{quote}."',
                f'{{chief:appos}} put it like this: "{quote}."',
            ),
            "The chief executive of {X} is {chief:bare}.",
        )
        for quote in quotes
    )


def analyst(*opinions: tuple[str, str, str]) -> tuple[Beat, ...]:
    """An outsider's view, one beat an opinion: (said, asked, asked otherwise)."""
    return tuple(
        Beat(
            {"analyst": (f"Who {said}?", f"Who {asked}?", f"Who {again}?")},
            (f"{{analyst:appos}} {said}.", f"{{analyst:title}} {said}."),
            f"{{analyst:title}} {said}.",
        )
        for said, asked, again in opinions
    )


SHARES_DOWN = Beat(
    {
        "move": (
            "By how much did the shares of {X} fall?",
            "How much value did the stock of {X} lose?",
            "How large was the loss of {X} on the stock market?",
        ),
        "down": (
            "Why did the shares of {X} fall?",
            "Why did the stock of {X} lose value?",
            "What weighed on the stock price of {X}?",
        ),
    },
    (
        "{X:its} shares fell {move} {down}.",
        "The shares of {X} dropped {move} {down}.",
    ),
    "The shares of {X} fell {move} {down}.",
)
SHARES_UP = Beat(
    {
        "move": (
            "By how much did the shares of {X} rise?",
            "How much value did the stock of {X} gain?",
            "How large was the gain of {X} on the stock market?",
        ),
        "up": (
            "Why did the shares of {X} rise?",
            "Why did the stock of {X} gain value?",
            "What helped the stock price of {X}?",
        ),
    },
    (
        "{X:its} shares rose {move} {up}.",
        "The shares of {X} climbed {move} {up}.",
    ),
    "The shares of {X} rose {move} {up}.",
)
SHARES = (SHARES_DOWN, SHARES_UP)

ACQUIRE = Story(
    "acquire",
    "X",
    COMPANY
    | {
        "target": "firm", "target2": "firm", "target3": "firm", "price": "money 120 990",
        "price2": "money 30 600", "price3": "money 60 900", "seller": "family", "site": "place",
        "hands": "count 8 90 people", "why": "reason buy", "done": "date future",
        "year2": "date past", "month3": "date month",
    },
    Beat(
        {
            "price": (
                "For how much is {X} buying {target}?",
                "What does {X} pay for {target}?",
                "How much does {X} spend on {target}?",
                "What is the price of {target}?",
            )
        },
        (
            "{X:full} is buying {target}, a smaller competitor, for {price}.",
            "{X:full} has agreed to acquire its smaller competitor {target} for {price}.",
            "{target}, a small firm in the same trade, has a new owner: {X:full} is taking it over "
            "for {price}.",
            "In a deal worth {price}, {X:full} is taking over its smaller competitor {target}.",
        ),
        "{X} is buying {target} for {price}.",
    ),
    (
        Beat(
            {
                "site": (
                    "Where does {target} have its factory?",
                    "In which city does {target} make its goods?",
                    "Where is the production of {target} located?",
                ),
                "hands": (
                    "How many people does {target} have in its factory?",
                    "How many people does {target} employ?",
                    "How large is the workforce of {target}?",
                ),
            },
            (
                "{target} runs a single factory {site}, with a staff of {hands}.",
                "The only factory of {target} stands {site}; it has a staff of {hands}.",
            ),
            "{target} has a factory {site} with {hands}.",
            0.75,
        ),
        Beat(
            {
                "seller": (
                    "Who is the seller of {target}?",
                    "Who owned {target} until now?",
                    "From whom does {X} get {target}?",
                    "In whose hands was {target} before?",
                )
            },
            (
                "The seller is {seller}.",
                "All the shares come from {seller}.",
            ),
            "The seller of {target} is {seller}.",
            0.7,
        ),
        Beat(
            {
                "why": (
                    "Why is {X} buying {target}?",
                    "What is the purpose of the takeover?",
                    "Why does {X} want {target}?",
                    "What does {X} hope to achieve with {target}?",
                )
            },
            (
                "{X:it} is making the move {why}.",
                "With the acquisition {X:it} hopes {why}.",
                "{X:it} said that the acquisition was meant {why}.",
            ),
            "{X} is buying {target} {why}.",
            0.85,
        ),
        Beat(
            {
                "done": (
                    "When should the purchase of {target} be completed?",
                    "When should {target} formally change hands?",
                    "When will {target} be part of {X}?",
                )
            },
            (
                "The deal is expected to close {done}.",
                "If the authorities agree, the transaction will be closed {done}.",
            ),
            "The purchase of {target} should be completed {done}.",
            0.7,
        ),
    ),
    (
        Beat(
            {
                "price2": (
                    "For how much did {X} buy {target2}?",
                    "What did {X} pay for {target2}?",
                    "What was the price of {target2}?",
                    "How much did {X} spend on {target2}?",
                ),
                "year2": (
                    "When did {X} buy {target2}?",
                    "When did {target2} become part of {X}?",
                    "In which year did {target2} change hands?",
                ),
            },
            (
                "{X:its} last big acquisition was {target2}, which it took over {year2} for "
                "{price2}.",
                "It is not the first deal of its sort: {year2}, {X:it} acquired {target2} for "
                "{price2}.",
            ),
            "{X} bought {target2} {year2} for {price2}.",
            0.85,
        ),
        Beat(
            {
                "price3": (
                    "For how much did {R} buy {target3}?",
                    "What did {R} pay for {target3}?",
                    "What was the price of {target3}?",
                    "How much did {R} spend on {target3}?",
                ),
                "month3": (
                    "When did {R} buy {target3}?",
                    "When did {target3} become part of {R}?",
                    "In which month did {target3} change hands?",
                ),
            },
            (
                "A larger rival, {R}, took over {target3} {month3} in a deal worth {price3}.",
                "{month3}, rival {R} acquired {target3} for {price3}.",
            ),
            "{R} bought {target3} {month3} for {price3}.",
            0.85,
        ),
    ),
    (
        chief(
            "The two firms fit together well", "We have known each other for years",
            "For our customers nothing will change",
        ),
        analyst(
            ("called the price rather high", "thought that {X} was paying too much",
             "would have spent less on {target}"),
            ("praised the deal", "was pleased with the takeover", "found the takeover a good idea"),
            ("warned that joining two firms takes years",
             "expected a long wait before the takeover bears fruit", "asked for patience"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

PLANT = Story(
    "plant",
    "X",
    COMPANY
    | {
        "product": "product", "site": "place", "site2": "place", "site3": "place",
        "cost": "money 150 900", "cost2": "money 80 700", "cost3": "money 90 950",
        "jobs": "count 9 70 people", "jobs2": "count 9 70 people", "opener": "person minister",
        "day": "date recent", "year2": "date past", "date3": "date future", "why": "reason site",
    },
    Beat(
        {
            "site": (
                "Where has {X} opened a new factory?",
                "Where is the new plant of {X}?",
                "In which city has {X} just started production?",
                "Where will {product} from {X} be made from now on?",
            )
        },
        (
            "{X:full} has opened a new factory for {product} {site}.",
            "A new factory for {product} has been opened {site} by {X:full}.",
            "{X:full} has begun to build {product} in a new factory {site}.",
        ),
        "{X} has opened a new factory {site}.",
    ),
    (
        Beat(
            {
                "cost": (
                    "How much did the new factory of {X} cost?",
                    "What did {X} spend on its newest plant?",
                    "How large was the bill for the newest plant of {X}?",
                    "How much money has gone into the newest plant of {X}?",
                )
            },
            (
                "{X:it} has invested {cost} in the building and its machines.",
                "The investment in the new site amounts to {cost}.",
            ),
            "The new factory of {X} cost {cost}.",
            0.85,
        ),
        Beat(
            {
                "jobs": (
                    "How many people does the new factory employ?",
                    "How large is the team at the new plant?",
                    "For how many people is there work at the new plant?",
                )
            },
            (
                "The new site employs {jobs}.",
                "So far {jobs} have been hired for the new site.",
            ),
            "The new factory employs {jobs}.",
            0.6,
        ),
        Beat(
            {
                "opener": (
                    "Who opened the new factory?",
                    "Who cut the ribbon at the new plant?",
                    "Who inaugurated the new plant?",
                    "Who was the guest of honour at the ceremony?",
                ),
                "day": (
                    "When was the new factory opened?",
                    "When was the ribbon cut?",
                    "On which day did the ceremony take place?",
                ),
            },
            (
                "{opener} performed the opening {day}.",
                "The first machine was started {day} by {opener}.",
                "{opener:title} made the opening speech {day}.",
            ),
            "{opener:title} opened the new factory {day}.",
            0.8,
        ),
        Beat(
            {
                "why": (
                    "Why did {X} choose the city?",
                    "What spoke for this location?",
                    "Why is the new plant where it is?",
                    "What attracted {X} to the place?",
                )
            },
            (
                "{X:it} chose the city {why}.",
                "After looking at several others, {X:it} settled on the city {why}.",
            ),
            "{X} chose the city {why}.",
            0.8,
        ),
    ),
    (
        Beat(
            {
                "site2": (
                    "Where did {X} build a factory {year2}?",
                    "In which city did {X} set up a plant {year2}?",
                    "Which place got a plant of {X} {year2}?",
                ),
                "cost2": (
                    "How much did the factory of {X} {site2} cost?",
                    "What did {X} spend on its plant {site2}?",
                    "How large was the bill for the plant {site2}?",
                ),
                "year2": (
                    "When did {X} build a factory {site2}?",
                    "In which year did {X} set up its plant {site2}?",
                    "Since when has {X} been present {site2}?",
                ),
            },
            (
                "{year2}, {X:it} built a similar factory {site2} for {cost2}.",
                "{X:its} last factory was built {site2} {year2} and required {cost2}.",
            ),
            "{X} built a factory {site2} {year2} for {cost2}.",
            0.85,
        ),
        Beat(
            {
                "site3": (
                    "Where is {R} building a factory?",
                    "In which city will {R} have a plant of its own?",
                    "Which place has {R} picked for its plant?",
                ),
                "cost3": (
                    "How much will the factory of {R} cost?",
                    "What does {R} spend on its plant?",
                    "How much money is {R} putting into its plant?",
                ),
                "date3": (
                    "When will the factory of {R} be ready?",
                    "When can {R} start production in its plant?",
                    "When does {R} want to move into its plant?",
                ),
            },
            (
                "Rival {R} is building a factory {site3}; it will take {cost3} and be completed "
                "{date3}.",
                "Rival {R} has plans as well: its factory {site3}, an investment of {cost3}, is to "
                "be completed {date3}.",
            ),
            "{R} is building a factory {site3}, which will cost {cost3} and be ready {date3}.",
            0.85,
        ),
    ),
    (
        chief(
            "We have waited a long time for this day", "From here we can reach all our customers",
            "Demand has never been stronger",
        ),
        analyst(
            ("doubted that there was enough demand for another factory",
             "feared that the plant would stand idle", "was sceptical about the plant"),
            ("expected the investment to pay off within five years",
             "thought that the plant would soon earn its money back",
             "was confident about the plant"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

CUTS = Story(
    "cuts",
    "X",
    COMPANY
    | {
        "jobs": "count 12 90 jobs", "jobs2": "count 6 60 jobs", "jobs3": "count 8 90 jobs",
        "why": "reason cuts", "why3": "reason cuts", "site": "place", "site2": "place",
        "end": "date future", "day": "date recent", "year2": "date past", "month3": "date month",
        "union": "person union", "pay": "money 15 190", "saving": "money 30 350",
    },
    Beat(
        {
            "jobs": (
                "How many jobs is {X} cutting?",
                "How many people at {X} will lose their work this time?",
                "How large is the reduction in staff at {X} this time?",
                "How many positions does {X} want to do away with?",
            )
        },
        (
            "{X:full} is cutting {jobs}.",
            "{X:full} has announced that it will cut {jobs}.",
            "At {X:full}, {jobs} will go.",
        ),
        "{X} is cutting {jobs}.",
    ),
    (
        Beat(
            {
                "why": (
                    "Why is {X} cutting jobs?",
                    "Why must people leave {X}?",
                    "What has brought {X} into difficulties?",
                    "What forces {X} to become smaller?",
                )
            },
            (
                "{X:it} is taking the step {why}.",
                "{X:it} said that the step had become necessary {why}.",
            ),
            "{X} is cutting jobs {why}.",
            0.9,
        ),
        Beat(
            {
                "site": (
                    "Where will {X} close a factory?",
                    "In which city is {X} giving up a plant?",
                    "Which place will lose its plant?",
                ),
                "end": (
                    "When will {X} close a factory?",
                    "When does the plant stop work?",
                    "When will the last shift at the plant be over?",
                ),
            },
            (
                "A factory {site} will be closed {end}.",
                "{X:it} will also close its factory {site}, probably {end}.",
            ),
            "{X} will close a factory {site} {end}.",
            0.8,
        ),
        Beat(
            {
                "union": (
                    "Who said that the union would fight the plan?",
                    "Who speaks for the workers?",
                    "Who wants to resist the cuts?",
                    "Who defends those whose work is at risk?",
                )
            },
            (
                "{union} said that the union would fight the plan.",
                "{union} called the plan a disgrace and (threatened|announced) a strike.",
            ),
            "{union:title} said that the union would fight the plan.",
            0.65,
        ),
        Beat(
            {
                "pay": (
                    "How much will {X} pay to those who leave?",
                    "What sum is there for the people who lose their work?",
                    "How expensive are the departures for {X}?",
                ),
                "saving": (
                    "How much does {X} want to save?",
                    "By what sum should yearly costs go down at {X}?",
                    "How large is the benefit of the cuts for {X} each year?",
                ),
            },
            (
                "Severance will come to {pay}, while {saving} will be saved every year.",
                "{X:it} has put aside {pay} for severance and hopes to save {saving} a year.",
            ),
            "{X} will pay {pay} to those who leave and wants to save {saving} a year.",
            0.7,
        ),
    ),
    (
        Beat(
            {
                "jobs2": (
                    "How many jobs did {X} cut {year2}?",
                    "How many people had to leave {X} {year2}?",
                    "How large was the reduction in staff at {X} {year2}?",
                ),
                "year2": (
                    "When had {X} cut jobs before?",
                    "When had {X} become smaller before?",
                    "When was the previous round at {X}?",
                ),
            },
            (
                "{X:it} last made such cuts {year2}, when {jobs2} were lost.",
                "The last such round at {X}, {year2}, had affected {jobs2}.",
            ),
            "{X} had cut jobs before, {year2}, when {jobs2} were lost.",
            0.85,
        ),
        Beat(
            {
                "jobs3": (
                    "How many jobs did {R} cut?",
                    "How many people had to leave {R}?",
                    "How large was the reduction in staff at {R}?",
                ),
                "month3": (
                    "When did {R} cut jobs?",
                    "In which month did {R} become smaller?",
                    "When did people have to leave {R}?",
                ),
                "why3": (
                    "Why did {R} cut jobs?",
                    "Why did people have to leave {R}?",
                    "What had brought {R} into difficulties?",
                ),
            },
            (
                "{month3}, rival {R} had already shed {jobs3} {why3}.",
                "Rival {R} shed {jobs3} {month3} {why3}.",
            ),
            "{R} cut {jobs3} {month3} {why3}.",
            0.85,
        ),
    ),
    (
        chief(
            "This is the hardest decision I have ever had to take", "We see no other way",
            "We will help everybody to find something new",
        ),
        analyst(
            ("said that the step came too late", "would have acted earlier",
             "thought that {X} should have moved sooner"),
            ("feared that more cuts would follow", "does not believe that this is the end",
             "expected another round later"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

APPOINT = Story(
    "appoint",
    "X",
    {name: spec for name, spec in COMPANY.items() if name not in ("chief", "report")}
    | {
        "new": "person manager", "old": "person manager", "new3": "person manager",
        "old3": "person manager", "chair": "person chair", "start": "date future",
        "since": "date since", "why": "reason leave", "why3": "reason leave",
        "pay": "money 300 900 thousand", "pay2": "money 250 800 thousand", "month3": "date month",
        "joined": "date past",
    },
    Beat(
        {
            "new": (
                "Who will be the new chief executive of {X}?",
                "Who gets the top job at {X}?",
                "Whom has {X} found to run its business?",
                "Who has been picked as the next boss of {X}?",
            )
        },
        (
            "{new:appos} will be the new chief executive of {X:full}.",
            "{X:full} has named {new:appos} as its new chief executive.",
            "The board of {X:full} has appointed {new:appos} chief executive.",
        ),
        "{new:bare} will be the new chief executive of {X}.",
    ),
    (
        Beat(
            {
                "start": (
                    "When will {new} start at {X}?",
                    "When does {X} get its new boss?",
                    "When is the first day of {new} at the top of {X}?",
                )
            },
            (
                "{new:last} will take up the post {start}.",
                "The change at the top will take place {start}.",
            ),
            "{new:last} will start at {X} {start}.",
            0.8,
        ),
        Beat(
            {
                "old": (
                    "Who is leaving {X}?",
                    "Who has led {X} until now?",
                    "Whom does {new} replace?",
                    "Who is giving up the top job at {X}?",
                ),
                "why": (
                    "Why is {old} leaving {X}?",
                    "What made {old} go?",
                    "Why did {old} give up the job?",
                ),
                "since": (
                    "Since when has {old} led {X}?",
                    "When did {old} become the boss?",
                    "Since when has {old} been at the top of {X}?",
                ),
            },
            (
                "{new:last} succeeds {old:bare}, chief executive {since}, who is stepping down "
                "{why}.",
                "The outgoing chief executive, {old:bare}, in office {since}, is stepping down "
                "{why}.",
                "The post became vacant when {old:bare}, who had held it {since}, stepped down "
                "{why}.",
            ),
            "{old:bare}, who has led {X} {since}, is leaving {why}.",
            1.0,
        ),
        Beat(
            {
                "pay": (
                    "How much will {new} earn a year?",
                    "What salary does {new} get?",
                    "How much money will {new} make at {X}?",
                ),
                "pay2": (
                    "How much did {old} earn a year?",
                    "What salary did {old} get?",
                    "How much money did {old} make at {X}?",
                ),
            },
            (
                "{X:it} will pay {new:last} {pay} a year; the last chief executive received "
                "{pay2}.",
                "The new contract is worth {pay} a year, the old one {pay2}.",
            ),
            "{new:last} will earn {pay} a year; the last chief executive earned {pay2}.",
            0.7,
        ),
        Beat(
            {
                "joined": (
                    "When did {new} join {X}?",
                    "In which year did {new} come to {X}?",
                    "Since when has {new} been with {X}?",
                )
            },
            (
                "{new:last} joined {X} {joined} and (ran|built up) its sales office abroad.",
                "{new:last} has known {X} from inside for some time: {new:she} joined the staff "
                "{joined}.",
            ),
            "{new:last} joined {X} {joined}.",
            0.6,
        ),
        Beat(
            {
                "chair": (
                    "Who heads the board of {X}?",
                    "Who presides over the board of {X}?",
                    "Who leads the meetings of the board of {X}?",
                )
            },
            (
                '"{new:last} knows the trade and has our trust," said {chair:appos}.',
                '{chair:appos} said: "We spoke to many people, and the choice was easy."',
            ),
            "{chair:bare} heads the board of {X}.",
            0.65,
        ),
    ),
    (
        Beat(
            {
                "new3": (
                    "Who became the new chief executive of {R}?",
                    "Who got the top job at {R}?",
                    "Who is the boss of {R} now?",
                ),
                "old3": (
                    "Who left {R}?",
                    "Who led {R} before {new3}?",
                    "Who gave up the top job at {R}?",
                ),
                "month3": (
                    "When did {R} get a new chief executive?",
                    "When did the top job at {R} change hands?",
                    "In which month did {new3} become the boss of {R}?",
                ),
                "why3": (
                    "Why did {old3} leave {R}?",
                    "What made {old3} go?",
                    "Why did {old3} give up the job?",
                ),
            },
            (
                "{R}, a rival, also made a change {month3}: {new3} took over from {old3:bare}, who "
                "resigned {why3}.",
                "At rival {R}, {old3:bare} had resigned {month3} {why3}; {new3:bare} took over.",
            ),
            "{new3:bare} became the new chief executive of {R} {month3}, when {old3:bare} left "
            "{why3}.",
        ),
    ),
    (
        analyst(
            ("welcomed the choice", "was pleased with the appointment",
             "thought that {new} was the right person"),
            ("had expected somebody with more experience",
             "would have picked an older hand for the job", "was surprised by the decision"),
        ),
        SHARES,
    ),
    (FOUNDED, STAFF, SALES, OWNER),
)  # fmt: skip

CONTRACT = Story(
    "contract",
    "X",
    COMPANY
    | {
        "product": "product", "customer": "customer", "customer2": "customer",
        "customer3": "customer", "sum": "money 120 990", "sum2": "money 80 800",
        "sum3": "money 100 950", "due": "date future", "year2": "date past", "month3": "date month",
        "day": "date recent", "why": "reason choice", "why3": "reason choice", "site": "place",
    },
    Beat(
        {
            "sum": (
                "How much is the order of {X} worth?",
                "What does the customer pay {X} for the {product}?",
                "How much money does the new contract bring {X}?",
            ),
            "customer": (
                "Who has placed an order with {X}?",
                "Who is the buyer in the new contract?",
                "Who will receive the {product}?",
                "For whom is {X} going to work?",
            ),
        },
        (
            "{X:full} has won an order for {product} worth {sum} from {customer}.",
            "{customer} has ordered {product} worth {sum} from {X:full}.",
            "{customer} has given {X:full} an order for {product} worth {sum}.",
        ),
        "{customer} has placed an order worth {sum} with {X}.",
    ),
    (
        Beat(
            {
                "due": (
                    "When are the first {product} due?",
                    "When does the customer get the first {product}?",
                    "When must {X} have the first {product} finished?",
                )
            },
            (
                "Deliveries are to begin {due}.",
                "{X:it} has promised to start deliveries {due}.",
            ),
            "The first {product} are due {due}.",
            0.85,
        ),
        Beat(
            {
                "site": (
                    "Where will {X} build the {product}?",
                    "In which city are the {product} made?",
                    "Where is the plant that does the work?",
                )
            },
            (
                "The work will be done in {X:its} factory {site}.",
                "All parts will come from a factory {site}.",
            ),
            "{X} will build the {product} {site}.",
            0.7,
        ),
        Beat(
            {
                "why": (
                    "Why was {X} chosen?",
                    "What spoke for {X}?",
                    "Why did the customer prefer {X} to others?",
                    "What tipped the scales in favour of {X}?",
                )
            },
            (
                "Among five bidders {X:it} was selected {why}.",
                "{X:it} won the tender {why}.",
            ),
            "{X} was chosen {why}.",
            0.85,
        ),
        Beat(
            {
                "day": (
                    "When was the contract of {X} signed?",
                    "When did the two sides put their names to it?",
                    "On which day was the agreement of {X} sealed?",
                ),
            },
            (
                "The papers were signed {day} after (months|a year) of talks.",
                "Talks had taken months; the signing was {day}.",
            ),
            "The contract of {X} was signed {day}.",
            0.55,
        ),
    ),
    (
        Beat(
            {
                "customer2": (
                    "Who gave {X} an order {year2}?",
                    "Who was a buyer of {X} {year2}?",
                    "For whom did {X} work {year2}?",
                ),
                "sum2": (
                    "How much was the order of {year2:core} worth?",
                    "How much money did {X} get for its job {year2}?",
                    "What did {X} earn from the job {year2}?",
                ),
                "year2": (
                    "When did {X} get an order from {customer2}?",
                    "When did {X} work for {customer2}?",
                    "In which year did {customer2} become a buyer of {X}?",
                ),
            },
            (
                "{year2}, {X:it} had delivered {product} worth {sum2} to {customer2}.",
                "{X:it} is no stranger to jobs of this size: {year2}, it supplied {customer2} for "
                "{sum2}.",
            ),
            "{X} got an order worth {sum2} from {customer2} {year2}.",
            0.85,
        ),
        Beat(
            {
                "customer3": (
                    "Who gave {R} an order?",
                    "Who was the buyer in the contract of {R}?",
                    "For whom is {R} working?",
                ),
                "sum3": (
                    "How much is the order of {R} worth?",
                    "How much money does {R} get for its work?",
                    "What does {R} earn from its contract?",
                ),
                "month3": (
                    "When did {R} get an order?",
                    "When did {R} sign its contract?",
                    "In which month was {R} successful?",
                ),
            },
            (
                "Rival {R} secured an agreement worth {sum3} with {customer3} {month3}.",
                "{month3}, rival {R} agreed to supply {customer3} for {sum3}.",
            ),
            "{R} got an order worth {sum3} from {customer3} {month3}.",
            0.85,
        ),
    ),
    (
        chief(
            "This will keep our people busy for two years", "We are proud of this success",
            "We have worked hard for this",
        ),
        analyst(
            ("said that the margin would be thin", "did not expect much profit from it",
             "thought that {X} would earn little with it"),
            ("spoke of a breakthrough", "saw this as a great success for {X}",
             "was full of praise for {X}"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

RECALL = Story(
    "recall",
    "X",
    COMPANY
    | {
        "product": "product", "number": "count 90 900 PRODUCT", "number2": "count 60 800 PRODUCT",
        "number3": "count 80 850 PRODUCT", "why": "reason fault", "why3": "reason fault",
        "tester": "person tester", "site": "place", "site2": "place", "day": "date recent",
        "cost": "money 20 400", "cost2": "money 20 300", "year2": "date past",
        "month3": "date month", "fixed": "date future",
    },
    Beat(
        {
            "number": (
                "How many {product} is {X} recalling?",
                "How many {product} does {X} have to take back now?",
                "How many {product} from {X} are unsafe this time?",
            ),
            "why": (
                "Why is {X} recalling {product}?",
                "What is wrong with the {product} from {X}?",
                "Why are the {product} from {X} dangerous?",
            ),
        },
        (
            "{X:full} is recalling {number} {why}.",
            "{X:full} has called {number} back to its workshops {why}.",
        ),
        "{X} is recalling {number} {why}.",
    ),
    (
        Beat(
            {
                "tester": (
                    "Who found the fault?",
                    "Who noticed the problem?",
                    "Who made the danger known?",
                ),
                "site": (
                    "Where was the fault found?",
                    "In which city was the problem noticed?",
                    "Where did the danger come to light?",
                ),
                "day": (
                    "When was the fault found?",
                    "When was the problem noticed?",
                    "On which day did the danger come to light?",
                ),
            },
            (
                "{tester} discovered the defect {day} during a test {site}.",
                "The defect was discovered {site} {day} by {tester}.",
            ),
            "{tester:title} found the fault {site} {day}.",
            0.9,
        ),
        Beat(
            {
                "cost": (
                    "How much does {X} expect the recall to cost?",
                    "How expensive will this be for {X}?",
                    "What will {X} have to spend on repairs?",
                )
            },
            (
                "{X:it} expects a bill of {cost}.",
                "{X:it} has put aside {cost} for the purpose.",
            ),
            "{X} expects the recall to cost {cost}.",
            0.85,
        ),
        Beat(
            {
                "fixed": (
                    "When should all {product} from {X} be repaired?",
                    "When will the customers of {X} have their {product} back?",
                    "When does {X} want to be done with the work?",
                )
            },
            (
                "Free repairs are to be completed {fixed}.",
                "{X:it} hopes to complete the repairs {fixed}.",
            ),
            "All {product} from {X} should be repaired {fixed}.",
            0.7,
        ),
    ),
    (
        Beat(
            {
                "number2": (
                    "How many {product} did {X} recall {year2}?",
                    "How many {product} did {X} have to take back {year2}?",
                    "How many {product} were affected {year2}?",
                ),
                "cost2": (
                    "How much did the recall {year2} cost?",
                    "How expensive was it for {X} {year2}?",
                    "What did {X} have to spend {year2}?",
                ),
                "year2": (
                    "When was the earlier recall of {X}?",
                    "When had {X} taken back {product} before?",
                    "When had {X} had such a problem before?",
                ),
            },
            (
                "An earlier recall by {X}, of {number2}, had swallowed {cost2} {year2}.",
                "{year2}, {X:it} had called in {number2}, which swallowed {cost2}.",
            ),
            "The earlier recall of {X} was {year2}, when it cost {cost2} to recall {number2}.",
            0.85,
        ),
        Beat(
            {
                "number3": (
                    "How many {product} did {R} recall?",
                    "How many {product} did {R} have to take back?",
                    "How many {product} from {R} were unsafe?",
                ),
                "why3": (
                    "Why did {R} recall {product}?",
                    "What was wrong with the {product} from {R}?",
                    "Why were the {product} from {R} dangerous?",
                ),
                "month3": (
                    "When did {R} recall {product}?",
                    "When did {R} have to take back {product}?",
                    "In which month did {R} have such a problem?",
                ),
            },
            (
                "{month3}, rival {R} called in {number3} {why3}.",
                "Rival {R} called in {number3} {month3} {why3}.",
            ),
            "{R} recalled {number3} {month3} {why3}.",
            0.9,
        ),
    ),
    (
        chief(
            "Safety comes first", "We apologise to our customers", "Nobody has been hurt so far",
        ),
        analyst(
            ("feared for the good name of the firm", "was worried about the reputation of {X}",
             "saw a danger for the image of {X}"),
            ("praised the quick reaction", "was pleased that {X} had acted so fast",
             "thought that {X} had done the right thing"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

FINE = Story(
    "fine",
    "X",
    COMPANY
    | {
        "authority": "authority first", "authority3": "authority second",
        "sum": "money 20 600", "sum2": "money 10 300", "sum3": "money 15 500",
        "why": "offence first", "why2": "offence first", "why3": "offence second",
        "lawyer": "person lawyer", "court": "place", "site": "place", "hearing": "date future",
        "day": "date recent", "year2": "date past", "month3": "date month",
        "reserve": "money 10 400",
    },
    Beat(
        {
            "sum": (
                "How large is the fine for {X}?",
                "What does {X} have to pay?",
                "What does the punishment cost {X}?",
            ),
            "authority": (
                "Who has fined {X}?",
                "Who punished {X}?",
                "Who imposed the penalty on {X}?",
            ),
            "why": (
                "Why has {X} been fined?",
                "What has {X} done wrong this time?",
                "Why is {X} being punished?",
            ),
        },
        (
            "{authority} has fined {X:intro} {sum} {why}.",
            "{X:intro} has been fined {sum} by {authority} {why}.",
        ),
        "{authority} has fined {X} {sum} {why}.",
    ),
    (
        Beat(
            {
                "lawyer": (
                    "Who said that {X} would appeal?",
                    "Who defends {X}?",
                    "Who speaks for {X} in legal matters?",
                ),
            },
            (
                "{lawyer:title} said that {X} would appeal.",
                "{X:it} will appeal, {lawyer:title} said.",
                "{lawyer:title}, who advises {X}, rejected the accusations and announced an "
                "appeal.",
            ),
            "{lawyer:title} said that {X} would appeal.",
            0.8,
        ),
        Beat(
            {
                "court": (
                    "Where will a court hear the case?",
                    "In which city will judges look at the matter again?",
                    "Where does {X} hope to have the decision overturned?",
                ),
                "hearing": (
                    "When will a court hear the case?",
                    "When will judges look at the matter again?",
                    "When does {X} get another chance?",
                ),
            },
            (
                "An appeal hearing is planned {court} {hearing}.",
                "An appeal by {X} will be heard {court}, probably {hearing}.",
            ),
            "A court will hear the case {court} {hearing}.",
            0.85,
        ),
        Beat(
            {
                "site": (
                    "Where were the papers of {X} found?",
                    "In which city did the investigators find the evidence?",
                    "Where did the evidence against {X} come to light?",
                ),
                "day": (
                    "When were the papers of {X} found?",
                    "On which day did the investigators get hold of the evidence?",
                    "When did the evidence against {X} come to light?",
                ),
            },
            (
                "Inspectors had seized papers during a raid on an office {site} {day}.",
                "The decision rests on papers seized {day} during a raid {site}.",
            ),
            "The papers of {X} were found {site} {day}.",
            0.75,
        ),
        Beat(
            {
                "reserve": (
                    "How much has {X} put aside?",
                    "What sum does {X} hold ready?",
                    "What reserve does {X} have for the case?",
                )
            },
            (
                "In its accounts {X:it} had made a provision of {reserve}.",
                "{X:it} had already set {reserve} aside.",
            ),
            "{X} has put aside {reserve}.",
            0.5,
        ),
    ),
    (
        Beat(
            {
                "sum2": (
                    "How large was the fine for {X} {year2}?",
                    "What did {X} have to pay {year2}?",
                    "What did the punishment cost {X} {year2}?",
                ),
                "year2": (
                    "When had {X} been fined before?",
                    "When had {X} been punished before?",
                    "In which year had {X} broken the rules before?",
                ),
            },
            (
                "It is the second such case for {X}: it had been ordered to hand over {sum2} "
                "{year2}.",
                "{X:it} had last been ordered to hand over money {year2}; at that time it was "
                "{sum2}.",
            ),
            "{X} had been fined before, {year2}; the fine was {sum2}.",
            0.85,
        ),
        Beat(
            {
                "sum3": (
                    "How large was the fine for {R}?",
                    "What did {R} have to pay?",
                    "What did the punishment cost {R}?",
                ),
                "authority3": (
                    "Who fined {R}?",
                    "Who punished {R}?",
                    "Who imposed the penalty on {R}?",
                ),
                "why3": (
                    "Why was {R} fined?",
                    "What had {R} done wrong?",
                    "Why was {R} punished?",
                ),
                "month3": (
                    "When was {R} fined?",
                    "When was {R} punished?",
                    "In which month did {R} get its penalty?",
                ),
            },
            (
                "Rival {R} was ordered by {authority3} {month3} to hand over {sum3} {why3}.",
                "{month3}, {authority3} ordered rival {R} to hand over {sum3} {why3}.",
            ),
            "{authority3} fined {R} {sum3} {month3} {why3}.",
            0.9,
        ),
    ),
    (
        chief(
            "We do not accept this decision", "We have nothing to hide",
            "We have learnt from our mistakes",
        ),
        analyst(
            ("called the amount bearable", "thought that {X} could live with the penalty",
             "was not worried about the money"),
            ("had expected a far larger amount", "was surprised that it was not worse",
             "thought that {X} had got off lightly"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

FIRE = Story(
    "fire",
    "X",
    {name: spec for name, spec in COMPANY.items() if name != "down"}
    | {
        "product": "product", "site": "place", "site3": "place", "day": "date recent",
        "day3": "date month", "damage": "money 30 500", "damage2": "money 10 200",
        "damage3": "money 20 450", "cause": "reason fire", "cause3": "reason fire",
        "officer": "person fire chief", "hands": "count 6 40 people", "hands3": "count 6 40 people",
        "restart": "date future", "year2": "date past",
    },
    Beat(
        {
            "site": (
                "Where did a fire destroy a factory of {X}?",
                "In which city did {X} suffer the blaze?",
                "Where is the burnt plant of {X}?",
            ),
            "day": (
                "When did a fire destroy a factory of {X}?",
                "On which day did {X} suffer the blaze?",
                "When was the latest blaze at {X}?",
            ),
        },
        (
            "A fire has destroyed part of a factory that {X:full} runs {site}; it broke out {day}.",
            "{X:full} has lost part of a factory {site} to a fire that broke out {day}.",
            "Fire broke out {day} in a factory that {X:full} runs {site}.",
        ),
        "A fire destroyed a factory of {X} {site} {day}.",
    ),
    (
        Beat(
            {
                "cause": (
                    "Why did the fire start at {X}?",
                    "What caused the blaze at {X}?",
                    "Why did the plant of {X} burn?",
                    "What led to the flames at {X}?",
                )
            },
            (
                "According to the police, the fire started {cause}.",
                "Investigators believe that it all began {cause}.",
            ),
            "The fire at {X} started {cause}.",
            0.9,
        ),
        Beat(
            {
                "damage": (
                    "How large is the damage at {X}?",
                    "What sum has {X} lost in the blaze?",
                    "What will the blaze cost {X}?",
                )
            },
            (
                "{X:it} put the damage at {damage}.",
                "First estimates put the damage at {damage}.",
            ),
            "The damage at {X} is {damage}.",
            0.85,
        ),
        Beat(
            {
                "officer": (
                    "Who said that the roof might fall in?",
                    "Who led the firefighters?",
                    "Who was in charge of putting out the flames?",
                ),
                "hands": (
                    "How many people had to leave the building?",
                    "How many people were inside when the fire broke out?",
                    "How many people had to be brought to safety?",
                ),
            },
            (
                "{officer} feared that the roof might fall in and had {hands} led outside.",
                "{officer} said that {hands} had got out unharmed.",
            ),
            "{officer:title} said that the roof might fall in; {hands} had to leave the building.",
            0.8,
        ),
        Beat(
            {
                "restart": (
                    "When will work at {X} start again?",
                    "When should the burnt plant be running again?",
                    "When can the customers of {X} expect new {product}?",
                )
            },
            (
                "Production is to be resumed {restart}.",
                "{X:it} hopes to resume production {restart}.",
            ),
            "Work at {X} will start again {restart}.",
            0.8,
        ),
    ),
    (
        Beat(
            {
                "year2": (
                    "When was the earlier fire at {X}?",
                    "When had {X} suffered a blaze before?",
                    "In which year was there a blaze at {X} before?",
                ),
                "damage2": (
                    "How large was the damage {year2}?",
                    "What sum did {X} lose {year2}?",
                    "What did the blaze {year2} cost {X}?",
                ),
            },
            (
                "An earlier fire at {X}, {year2}, had done damage of {damage2}.",
                "{X:it} had last had a fire {year2}, with damage of {damage2}.",
            ),
            "The earlier fire at {X} was {year2}, and the damage was {damage2}.",
            0.85,
        ),
        Beat(
            {
                "site3": (
                    "Where was there a fire at {R}?",
                    "In which city did {R} suffer a blaze?",
                    "Where is the burnt warehouse of {R}?",
                ),
                "day3": (
                    "When was there a fire at {R}?",
                    "In which month did {R} suffer a blaze?",
                    "When did the warehouse of {R} burn?",
                ),
                "damage3": (
                    "How large was the damage at {R}?",
                    "What sum did {R} lose?",
                    "What did the blaze cost {R}?",
                ),
                "cause3": (
                    "Why did the fire start at {R}?",
                    "What caused the blaze at {R}?",
                    "Why did the warehouse of {R} burn?",
                ),
            },
            (
                "{day3}, a fire in a warehouse of rival {R} {site3} had done damage of {damage3}; "
                "it broke out {cause3}.",
                "A warehouse of rival {R} {site3} burnt down {day3} {cause3}, with damage of "
                "{damage3}.",
            ),
            "There was a fire at {R} {site3} {day3}; it started {cause3}, and the damage was "
            "{damage3}.",
            0.9,
        ),
    ),
    (
        chief(
            "We are glad that nobody was hurt", "We will rebuild everything",
            "Our insurance will pay for this",
        ),
        analyst(
            ("expected delays for customers", "thought that buyers would have to wait",
             "was worried about late deliveries"),
            ("saw no lasting harm", "was not worried about the future of {X}",
             "thought that {X} would soon recover"),
        ),
    ),
    (FOUNDED, STAFF, SALES, OWNER, REPORT),
)  # fmt: skip

MOVE = Story(
    "move",
    "X",
    COMPANY
    | {
        "to": "place", "old": "place", "to3": "place", "when": "date future", "when3": "date month",
        "why": "reason move", "why3": "reason move", "cost": "money 20 300",
        "cost3": "money 15 250", "movers": "count 6 60 people", "here": "date since",
        "stay": "count 3 30 people", "mayor": "person mayor",
    },
    Beat(
        {
            "to": (
                "Where is {X} moving its head office?",
                "Where will {X} be at home in future?",
                "Which city has {X} picked for its headquarters?",
            ),
            "when": (
                "When is {X} moving its head office?",
                "When will {X} change its address?",
                "When will the new headquarters of {X} be in use?",
            ),
        },
        (
            "{X:full} will have a new head office {to}, ready for use {when}.",
            "{X:full} is leaving its old head office; {when}, its managers will be working {to}.",
        ),
        "{X} is moving its head office {when}; the new one will be {to}.",
    ),
    (
        Beat(
            {
                "why": (
                    "Why is {X} moving its head office?",
                    "Why does {X} want to leave?",
                    "What is behind the change of address of {X}?",
                )
            },
            (
                "{X:it} is making the change {why}.",
                "{X:it} explained that it was making the change {why}.",
            ),
            "{X} is moving its head office {why}.",
            0.9,
        ),
        Beat(
            {
                "old": (
                    "Where has the head office of {X} been until now?",
                    "Which city is {X} leaving behind?",
                    "Where will the headquarters of {X} stand empty?",
                ),
                "here": (
                    "Since when has the head office of {X} been there?",
                    "When did {X} come to its old home?",
                    "Since when has {X} been in its old home?",
                ),
            },
            (
                "So far {X:it} has been run from a building {old}, where it has been {here}.",
                "{X:it} had been run from rooms {old} {here}.",
            ),
            "Until now the head office of {X} has been {old}, and it has been there {here}.",
            0.85,
        ),
        Beat(
            {
                "cost": (
                    "How much will the move of {X} cost?",
                    "What does {X} spend on the change of address?",
                    "How large is the bill for {X}?",
                )
            },
            (
                "{X:it} has budgeted {cost} for the relocation.",
                "The budget of {X} for the project is {cost}.",
            ),
            "The move of {X} will cost {cost}.",
            0.8,
        ),
        Beat(
            {
                "movers": (
                    "How many people will move with {X}?",
                    "How many people will follow {X} to its new home?",
                    "How many of the staff of {X} are going to the other city?",
                ),
                "stay": (
                    "How many people at {X} will not move?",
                    "How many people keep working in the old city?",
                    "How many of the staff of {X} can remain where they are?",
                ),
            },
            (
                "{X:it} is taking {movers} along, while {stay} will stay behind.",
                "The plan is for {movers} to go along and for {stay} to stay behind.",
            ),
            "{X} says that {movers} will move with it and {stay} will not move.",
            0.75,
        ),
        Beat(
            {
                "mayor": (
                    "Who said that it was a sad day for the city?",
                    "Who was sorry about the decision of {X}?",
                    "Who governs the city that {X} is leaving?",
                )
            },
            (
                "{mayor:title} of the old home town spoke of a sad day.",
                "{mayor:title} said that the city would miss the firm and its taxes.",
            ),
            "{mayor:title} said that it was a sad day for the city.",
            0.65,
        ),
    ),
    (
        Beat(
            {
                "to3": (
                    "Where did {R} move its head office?",
                    "Where is {R} at home now?",
                    "Which city did {R} pick for its headquarters?",
                ),
                "when3": (
                    "When did {R} move its head office?",
                    "When did {R} change its address?",
                    "In which month did {R} settle into its headquarters?",
                ),
                "cost3": (
                    "How much did the move of {R} cost?",
                    "What did {R} spend on the change of address?",
                    "How large was the bill for {R}?",
                ),
                "why3": (
                    "Why did {R} move its head office?",
                    "Why did {R} want to leave?",
                    "What was behind the change of address of {R}?",
                ),
            },
            (
                "Rival {R} opened a new head office {to3} {when3}, which took {cost3}; it had gone "
                "there {why3}.",
                "{when3}, rival {R} opened a new head office {to3}; it took {cost3} and was done "
                "{why3}.",
            ),
            "{R} moved its head office {when3} {why3}; the new one is {to3}, and the move cost "
            "{cost3}.",
        ),
    ),
    (
        chief(
            "We will miss the old place", "This is a fresh start for all of us",
            "It was time for a change",
        ),
        analyst(
            ("doubted that the step would save money", "was sceptical about the change of address",
             "did not believe that {X} would gain anything"),
            ("called the step overdue", "thought that {X} should have gone long ago",
             "would have left earlier"),
        ),
        SHARES,
    ),
    BACKGROUND,
)  # fmt: skip

RESULTS = Story(
    "results",
    "X",
    COMPANY
    | {
        "profit": "money 80 600", "profit2": "money 20 75", "profit3": "money 70 650",
        "why": "reason profit", "why3": "reason profit", "dividend": "money 5 75",
        "bonus": "money 3 60", "payday": "date next", "meeting": "place", "day": "date soon",
        "finance": "person finance", "growth": "percent 21 140", "growth3": "percent 21 140",
        "site3": "place", "month3": "date month",
    },
    Beat(
        {
            "profit": (
                "How large was the profit of {X}?",
                "How much did {X} earn?",
                "How much money was left over for {X} in the end?",
            ),
            "why": (
                "Why did the profit of {X} rise?",
                "Why did {X} do so well?",
                "What helped {X} to earn more?",
            ),
        },
        (
            "{X:full} has reported a profit of {profit}, more than a year earlier {why}.",
            "{X:full} has made a larger profit than a year earlier {why}; it came to {profit}.",
        ),
        "The profit of {X} rose to {profit} {why}.",
    ),
    (
        Beat(
            {
                "dividend": (
                    "How large is the dividend of {X}?",
                    "How much do the shareholders of {X} get?",
                    "What sum does {X} hand out to its shareholders?",
                ),
                "payday": (
                    "When is the dividend of {X} paid?",
                    "When do the shareholders of {X} get their money?",
                    "When does the money reach those who hold shares in {X}?",
                ),
            },
            (
                "A dividend of {dividend} in all will be paid out {payday}.",
                "{payday}, {X:it} will pay a dividend of {dividend} in all.",
            ),
            "The dividend of {X} is {dividend} in all, paid {payday}.",
            0.85,
        ),
        Beat(
            {
                "meeting": (
                    "Where is the annual meeting of {X}?",
                    "Where will the shareholders of {X} come together?",
                    "In which city will the owners of {X} gather?",
                ),
                "day": (
                    "When is the annual meeting of {X}?",
                    "When will the shareholders of {X} come together?",
                    "When will the owners of {X} gather?",
                ),
            },
            (
                "The annual meeting will be held {meeting} {day}.",
                "{X:it} holds its annual meeting {meeting} {day}.",
            ),
            "The annual meeting of {X} is {meeting} {day}.",
            0.75,
        ),
        Beat(
            {
                "finance": (
                    "Who is the finance chief of {X}?",
                    "Who looks after the money at {X}?",
                    "Who keeps the books of {X}?",
                    "Who is in charge of the accounts of {X}?",
                ),
                "growth": (
                    "By how much should sales at {X} grow this year?",
                    "What increase does {X} hope for this year?",
                    "How much larger should the turnover of {X} become?",
                ),
            },
            (
                "{finance:appos} forecast that sales would grow by {growth} this year.",
                "{X:its} {finance:title} said that sales should grow by {growth} this year.",
            ),
            "{finance:bare} is the finance chief of {X}; sales should grow by {growth} this year.",
            0.85,
        ),
        Beat(
            {
                "bonus": (
                    "How large is the bonus for the staff of {X}?",
                    "What extra sum is there for the workers of {X}?",
                    "How much do those who work for {X} get on top of their pay?",
                )
            },
            (
                "The staff will share a bonus of {bonus}.",
                "{X:it} is also paying its staff a bonus of {bonus}.",
            ),
            "The bonus for the staff of {X} is {bonus}.",
            0.5,
        ),
    ),
    (
        Beat(
            {
                "profit2": (
                    "How large was the profit of {X} a year earlier?",
                    "How much had {X} earned the year before?",
                    "What was the figure of {X} for the previous year?",
                )
            },
            (
                "A year earlier {X:its} profit had been {profit2}.",
                "For the year before, {X} had shown a profit of {profit2}.",
            ),
            "The profit of {X} a year earlier was {profit2}.",
            0.8,
        ),
        Beat(
            {
                "profit3": (
                    "How large was the profit of {R}?",
                    "How much did {R} earn?",
                    "How much money was left over for {R}?",
                ),
                "why3": (
                    "Why did the profit of {R} rise?",
                    "Why did {R} do so well?",
                    "What helped {R} to earn more?",
                ),
                "month3": (
                    "When did {R} report its profit?",
                    "When did {R} publish its figures?",
                    "In which month did {R} open its books?",
                ),
            },
            (
                "Rival {R} had announced a profit of {profit3} {month3}; there, business improved "
                "{why3}.",
                "{month3}, rival {R} had announced a profit of {profit3}, up from the year before "
                "{why3}.",
            ),
            "{R} reported a profit of {profit3} {month3}; it rose {why3}.",
            0.95,
        ),
    ),
    (
        chief(
            "It was the best year in our history", "We are very satisfied",
            "We owe this to our staff",
        ),
        analyst(
            ("called the figures solid", "was satisfied with the numbers",
             "had no complaints about the numbers"),
            ("doubted that this could last", "did not believe that things would stay so good",
             "expected harder times for {X}"),
        ),
        SHARES,
    ),
    (FOUNDED, STAFF, SALES, OWNER),
)  # fmt: skip

STORIES = (ACQUIRE, PLANT, CUTS, APPOINT, CONTRACT, RECALL, FINE, FIRE, MOVE, RESULTS)
