"""News about cities, prizes and pictures, as stories in the form of `reading_companies`."""

from __future__ import annotations

from kd_course.corpora.reading_grammar import Beat, Story

PROJECT = Story(
    "project",
    "city",
    {
        "city": "city", "city3": "city", "thing": "thing", "cost": "money 200 990",
        "cost2": "money 5 90", "cost3": "money 150 950", "architect": "person architect",
        "architect2": "person architect", "architect3": "person architect",
        "mayor": "person mayor", "patron": "person collector", "gift": "money 10 190",
        "spot": "spot", "spot2": "spot", "open": "date future", "date3": "date future",
        "year2": "date old", "begun": "date past", "delay": "reason delay", "need": "reason need",
        "visitors": "count 3000 9000 visitors", "visitors2": "count 900 2900 visitors",
    },
    Beat(
        {
            "cost": (
                "How much will the new {thing} of {city} cost?",
                "How expensive will the new {thing} be for {city}?",
                "What does {city} spend on its new {thing}?",
            )
        },
        (
            "{city} is to get a new {thing} for {cost}.",
            "After years of debate, {city} will build a new {thing} for {cost}.",
            "The council of {city} has agreed to build a new {thing} for {cost}.",
        ),
        "{city} will get a new {thing}, which will cost {cost}.",
    ),
    (
        Beat(
            {
                "architect": (
                    "Who designed the new {thing} of {city}?",
                    "Who drew the plans for the new {thing} of {city}?",
                    "On whose drawings is the new {thing} of {city} based?",
                )
            },
            (
                "The design for the new building comes from {architect}.",
                "A jury chose a design by {architect} for the new building.",
            ),
            "{architect:title} designed the new {thing} of {city}.",
            0.85,
        ),
        Beat(
            {
                "spot": (
                    "Where will the new {thing} of {city} stand?",
                    "Where has {city} found room for its new {thing}?",
                    "What place has been picked for the new {thing} of {city}?",
                )
            },
            (
                "The new building will stand {spot}, a short walk from the centre.",
                "It took long to agree on a site: the new building will rise {spot}.",
            ),
            "The new {thing} of {city} will stand {spot}.",
            0.8,
        ),
        Beat(
            {
                "open": (
                    "When will the new {thing} of {city} open?",
                    "When can the people of {city} use their new {thing}?",
                    "When will the new {thing} of {city} be ready?",
                )
            },
            (
                "The new doors are to open {open}.",
                "The opening of the new building is to take place {open}.",
            ),
            "The new {thing} of {city} will open {open}.",
            0.85,
        ),
        Beat(
            {
                "need": (
                    "Why does {city} need a new {thing}?",
                    "Why did {city} want another {thing}?",
                    "What made the council of {city} act?",
                )
            },
            (
                "The council took the decision {need}.",
                "The project had been started {need}.",
            ),
            "{city} wants a new {thing} {need}.",
            0.75,
        ),
        Beat(
            {
                "delay": (
                    "Why did the work in {city} stop?",
                    "Why has the project in {city} taken longer than planned?",
                    "What held things up in {city}?",
                ),
                "begun": (
                    "When did the work in {city} begin?",
                    "In which year did the builders in {city} start?",
                    "Since when has {city} been busy with the project?",
                ),
            },
            (
                "The first stone was laid {begun}, but work soon came to a halt {delay}.",
                "Ground was broken {begun}; then work came to a halt {delay}.",
            ),
            "The work in {city} began {begun} but stopped {delay}.",
            0.75,
        ),
        Beat(
            {
                "mayor": (
                    "Who is the mayor of {city}?",
                    "Who governs {city}?",
                    "Who is the head of the council in {city}?",
                )
            },
            (
                '"(We have waited for this for a generation|This is a gift to our children|Nobody '
                'will regret the money)," said {mayor}.',
                '{mayor} said: "(Our city will be proud of it|We have talked enough|Every citizen '
                'will be welcome)."',
            ),
            "The mayor of {city} is {mayor:bare}.",
            0.7,
        ),
        Beat(
            {
                "patron": (
                    "Who gave money for the new {thing} of {city}?",
                    "Who helps {city} to pay for its new {thing}?",
                    "Which private person supports the project in {city}?",
                ),
                "gift": (
                    "How much does {patron} give?",
                    "What sum comes from {patron}?",
                    "How generous is {patron}?",
                ),
            },
            (
                "{patron} has promised to contribute {gift}.",
                "A contribution of {gift} was promised by {patron:title}.",
            ),
            "{patron:title} gives {gift} for the new {thing} of {city}.",
            0.6,
        ),
        Beat(
            {
                "visitors": (
                    "How many visitors a year does {city} expect in the new {thing}?",
                    "How large an audience does {city} hope for?",
                    "How many people a year should the new {thing} of {city} draw?",
                ),
                "visitors2": (
                    "How many visitors a year does the old {thing} of {city} have?",
                    "How many people a year go to the old {thing} of {city}?",
                    "How popular is the old {thing} of {city}, in numbers?",
                ),
            },
            (
                "Planners reckon with {visitors} a year, while the old building attracts "
                "{visitors2}.",
                "The old building attracts {visitors2} a year; planners reckon with {visitors} in "
                "the new one.",
            ),
            "The new {thing} of {city} expects {visitors} a year, and the old one has {visitors2}.",
            0.5,
        ),
    ),
    (
        Beat(
            {
                "year2": (
                    "When was the old {thing} of {city} built?",
                    "When did the builders finish the present {thing} of {city}?",
                    "From which year is the present {thing} of {city}?",
                ),
                "architect2": (
                    "Who designed the old {thing} of {city}?",
                    "Who drew the plans for the old {thing} of {city}?",
                    "Whose work is the present {thing} of {city}?",
                ),
                "cost2": (
                    "How much did the old {thing} of {city} cost?",
                    "How expensive was the old {thing} of {city}?",
                    "What did {city} spend on the present {thing}?",
                ),
            },
            (
                "{city}'s existing building, completed {year2} for {cost2}, was conceived by "
                "{architect2}.",
                "{city}'s existing building goes back to a design by {architect2:title} and was "
                "completed "
                "{year2} for {cost2}.",
            ),
            "The old {thing} of {city} was designed by {architect2:title} and built {year2} for "
            "{cost2}.",
            0.85,
        ),
        Beat(
            {
                "spot2": (
                    "Where does the old {thing} of {city} stand?",
                    "Where can one find the old {thing} of {city}?",
                    "At what place is the present {thing} of {city}?",
                )
            },
            (
                "So far the {thing} of {city} has been housed {spot2}.",
                "{city}'s {thing} has so far been housed {spot2}.",
            ),
            "The old {thing} of {city} stands {spot2}.",
            0.75,
        ),
        Beat(
            {
                "cost3": (
                    "How much will the {thing} of {city3} cost?",
                    "How expensive will the {thing} be for {city3}?",
                    "What does {city3} spend on its {thing}?",
                ),
                "architect3": (
                    "Who designed the {thing} of {city3}?",
                    "Who drew the plans for the {thing} of {city3}?",
                    "On whose drawings is the {thing} of {city3} based?",
                ),
                "date3": (
                    "When will the {thing} of {city3} open?",
                    "When can the people of {city3} use their {thing}?",
                    "When will the {thing} of {city3} be ready?",
                ),
            },
            (
                "{city3} has similar plans: its {thing}, by {architect3:appos}, will require "
                "{cost3} "
                "and be completed {date3}.",
                "In {city3}, too, a {thing} is going up; it was conceived by {architect3:title}, "
                "will "
                "require {cost3} and be completed {date3}.",
            ),
            "{architect3:title} designed the {thing} of {city3}, which will cost {cost3} and open "
            "{date3}.",
            0.85,
        ),
    ),
)  # fmt: skip

PRIZE = Story(
    "prize",
    "prize",
    {
        "prize": "prize", "prize3": "prize", "winner": "person scholar",
        "winner2": "person scholar",
        "winner3": "person scholar", "sum": "money 100 900 thousand",
        "sum2": "money 50 600 thousand", "sum3": "money 20 400 thousand", "why": "reason honour",
        "why2": "reason honour", "why3": "reason honour", "place": "place", "lab": "place",
        "birthplace": "place", "day": "date future", "presenter": "person patron",
        "year2": "date past", "since": "date since", "founded": "date founding",
        "donor": "person founder",
    },
    Beat(
        {
            "winner": (
                "Who has won the {prize} this year?",
                "Who receives the {prize} this time?",
                "To whom does the {prize} go this year?",
                "Who can be proud of this year's {prize}?",
            ),
            "why": (
                "Why did {winner} win the {prize}?",
                "What did {winner} do to earn the {prize}?",
                "Which achievement of {winner} impressed the jury?",
            ),
        },
        (
            "{winner} has won the {prize} {why}.",
            "This year's {prize} has been awarded to {winner} {why}.",
            "The jury of the {prize} has honoured {winner} {why}.",
        ),
        "{winner:title} has won the {prize} {why}.",
    ),
    (
        Beat(
            {
                "sum": (
                    "How much is the {prize} worth?",
                    "How much money comes with the {prize} now?",
                    "What sum will {winner} get?",
                )
            },
            (
                "The award carries {sum}.",
                "Besides the honour, {winner:last} will take home {sum}.",
            ),
            "The {prize} is worth {sum}.",
            0.85,
        ),
        Beat(
            {
                "place": (
                    "Where will the {prize} be handed over?",
                    "Where does the ceremony of the {prize} take place?",
                    "In which city will {winner} receive the {prize}?",
                ),
                "day": (
                    "When will the {prize} be handed over?",
                    "When does the ceremony of the {prize} take place?",
                    "When will {winner} receive the {prize}?",
                ),
                "presenter": (
                    "Who will hand over the {prize}?",
                    "From whom will {winner} receive the {prize}?",
                    "Who gives {winner} the {prize}?",
                ),
            },
            (
                "{presenter:title} will present the award {place} {day}.",
                "The award will be presented {place} {day} by {presenter}.",
            ),
            "{presenter:title} will hand over the {prize} {place} {day}.",
            0.9,
        ),
        Beat(
            {
                "lab": (
                    "Where does {winner} work?",
                    "In which city does {winner} have a job?",
                    "Where does {winner} do research?",
                ),
                "since": (
                    "Since when has {winner} had this job?",
                    "When did {winner} become a professor?",
                    "When did {winner} get the chair?",
                ),
            },
            (
                "{winner:last} has been a professor {lab} {since}.",
                "{since}, {winner:last} has taught at the university {lab}.",
            ),
            "{winner:last} has worked {lab} {since}.",
            0.7,
        ),
        Beat(
            {
                "birthplace": (
                    "Where was {winner} born?",
                    "Where does {winner} come from?",
                    "In which city was {winner} a child?",
                )
            },
            (
                "{winner:she} grew up {birthplace}, where {winner:her} parents ran a bakery.",
                "{winner:last} spent {winner:her} early years {birthplace}.",
            ),
            "{winner:last} was born {birthplace}.",
            0.6,
        ),
    ),
    (
        Beat(
            {
                "winner2": (
                    "Who won the {prize} {year2}?",
                    "Who received the {prize} {year2}?",
                    "Who was honoured with the {prize} {year2}?",
                ),
                "why2": (
                    "Why did {winner2} win the {prize}?",
                    "What did {winner2} do to earn the {prize}?",
                    "Which achievement of {winner2} impressed the jury?",
                ),
                "sum2": (
                    "How much was the {prize} worth {year2}?",
                    "How much money came with the {prize} {year2}?",
                    "What sum did {winner2} get?",
                ),
                "year2": (
                    "When did {winner2} win the {prize}?",
                    "In which year was {winner2} honoured?",
                    "When did {winner2} receive the {prize}?",
                ),
            },
            (
                "{year2}, the {prize}, then {sum2}, had gone to {winner2} {why2}.",
                "When the {prize} was last given, {year2}, it brought {sum2} to {winner2:title} "
                "{why2}.",
            ),
            "{year2}, {winner2:title} won the {prize} {why2}, and it was worth {sum2}.",
            0.9,
        ),
        Beat(
            {
                "winner3": (
                    "Who has won the {prize3}?",
                    "Who receives the {prize3}?",
                    "To whom does the {prize3} go?",
                ),
                "why3": (
                    "Why did {winner3} win the {prize3}?",
                    "What did {winner3} do to earn the {prize3}?",
                    "Which achievement earned {winner3} the {prize3}?",
                ),
                "sum3": (
                    "How much is the {prize3} worth?",
                    "How much money comes with the {prize3}?",
                    "What sum will {winner3} get?",
                ),
            },
            (
                "The {prize3}, which carries {sum3}, goes to {winner3} {why3}.",
                "A second award, the {prize3}, carries {sum3}; it goes to {winner3} {why3}.",
            ),
            "{winner3:title} has won the {prize3} {why3}, and it is worth {sum3}.",
            0.85,
        ),
    ),
    (
        (
            Beat(
                {
                    "donor": (
                        "Who founded the {prize}?",
                        "Whose money made the {prize} possible in the beginning?",
                        "Who brought the {prize} into being?",
                    ),
                    "founded": (
                        "When was the {prize} founded?",
                        "When did the {prize} come into being?",
                        "In which year does the history of the {prize} begin?",
                    ),
                },
                (
                    "{donor} had established the {prize} {founded}.",
                    "The {prize} was set up {founded} by {donor}.",
                ),
                "{donor:title} founded the {prize} {founded}.",
            ),
        ),
    ),
)  # fmt: skip

PICTURE = Story(
    "picture",
    "work",
    {
        "work": "work", "work3": "work", "painter": "person painter", "painter3": "person painter",
        "buyer": "person collector", "seller": "family", "sum": "money 200 600",
        "sum2": "money 5 90", "sum3": "money 10 400", "estimate": "money 100 190",
        "place": "place", "future": "place", "birthplace": "place", "day": "date recent",
        "year2": "date past", "show": "date future", "painted": "date founding",
        "why": "reason art",
        "why3": "reason art", "month3": "date month", "auctioneer": "person auctioneer",
    },
    Beat(
        {
            "sum": (
                'What price did "{work}" fetch?',
                'How much was paid for "{work}" this time?',
                'How expensive was "{work}" this time?',
                'For how much did "{work}" change hands this time?',
            ),
            "painter": (
                'Who painted "{work}"?',
                'Whose work is "{work}"?',
                'Which artist made "{work}"?',
            ),
        },
        (
            '"{work}" by {painter} has been sold at an auction for {sum}.',
            'The picture "{work}" by {painter} has gone under the hammer for {sum}.',
            'At an auction, "{work}" by {painter} has brought {sum}.',
        ),
        '"{work}" was painted by {painter:bare} and fetched a price of {sum}.',
    ),
    (
        Beat(
            {
                "place": (
                    'Where was "{work}" sold?',
                    'In which city did the buyer of "{work}" have to bid?',
                    "Where was the auction?",
                ),
                "day": (
                    'When was "{work}" sold this time?',
                    'On which day did "{work}" get its new owner?',
                    "When was the auction?",
                ),
            },
            (
                "The bidding took place {place} {day}.",
                "The bidding {place} {day} lasted only (four|six|nine) minutes.",
            ),
            '"{work}" was sold {place} {day}.',
            0.85,
        ),
        Beat(
            {
                "buyer": (
                    'Who bought "{work}"?',
                    'To whom does "{work}" belong now?',
                    'Who is the new owner of "{work}"?',
                ),
                "future": (
                    'Where will "{work}" be shown?',
                    'In which city can people see "{work}" in future?',
                    'Where is "{work}" going to hang?',
                ),
                "show": (
                    'When will "{work}" be shown?',
                    'When can people see "{work}"?',
                    'From when on is "{work}" open to the public?',
                ),
            },
            (
                "The winning bid came from {buyer}, who wants to lend the picture to a museum "
                "{future} {show}.",
                "{buyer} made the highest bid and will lend the picture to a museum {future} "
                "{show}.",
            ),
            '{buyer:title} bought "{work}"; it will be shown {future} {show}.',
            0.9,
        ),
        Beat(
            {
                "why": (
                    'Why was the price of "{work}" so high?',
                    'Why was "{work}" so expensive?',
                    'What drove up the price of "{work}"?',
                )
            },
            (
                "The picture brought so much {why}.",
                "Experts said that the picture had brought so much {why}.",
            ),
            'The price of "{work}" was so high {why}.',
            0.8,
        ),
        Beat(
            {
                "seller": (
                    'Who sold "{work}"?',
                    'To whom did "{work}" belong before?',
                    'Who has parted with "{work}"?',
                ),
                "estimate": (
                    'What price had been expected for "{work}"?',
                    'What did experts think "{work}" would fetch?',
                    'For how much was "{work}" valued beforehand?',
                ),
            },
            (
                "The picture came from the collection of {seller}; the estimate had been "
                "{estimate}.",
                "The estimate had been {estimate}. The picture had hung in the rooms of {seller}.",
            ),
            '{seller} sold "{work}", and a price of {estimate} had been expected.',
            0.75,
        ),
        Beat(
            {
                "auctioneer": (
                    "Who led the auction?",
                    "Who had the hammer in hand?",
                    "Who was in charge of the bidding?",
                )
            },
            (
                '"I have never heard the hall so quiet," said {auctioneer}.',
                '{auctioneer} said: "It was a day that I will not forget."',
            ),
            "{auctioneer:title} led the auction.",
            0.55,
        ),
        Beat(
            {
                "painted": (
                    'When was "{work}" painted?',
                    'From which year is "{work}"?',
                    'When did the artist finish "{work}"?',
                ),
                "birthplace": (
                    'Where was "{work}" painted?',
                    'In which city was "{work}" made?',
                    'Where was the studio in which "{work}" was made?',
                ),
            },
            (
                "The picture was created {birthplace} {painted}.",
                "{painted}, the picture was created in a studio {birthplace}.",
            ),
            '"{work}" was painted {birthplace} {painted}.',
            0.75,
        ),
    ),
    (
        Beat(
            {
                "sum2": (
                    'What price did "{work}" fetch {year2}?',
                    'How much did somebody pay for "{work}" {year2}?',
                    'How expensive was "{work}" {year2}?',
                ),
                "year2": (
                    'When had "{work}" been sold before?',
                    'When had "{work}" changed hands before?',
                    'In which year did "{work}" get its previous owner?',
                ),
            },
            (
                'When "{work}" last came up for auction, {year2}, it had brought only {sum2}.',
                '{year2}, when it was last on offer, one could still have "{work}" for {sum2}.',
            ),
            '"{work}" had been sold before, {year2}, when it fetched a price of {sum2}.',
            0.85,
        ),
        Beat(
            {
                "sum3": (
                    'What price did "{work3}" fetch?',
                    'How much did somebody pay for "{work3}"?',
                    'How expensive was "{work3}"?',
                ),
                "painter3": (
                    'Who painted "{work3}"?',
                    'Whose work is "{work3}"?',
                    'Which artist made "{work3}"?',
                ),
                "month3": (
                    'When was "{work3}" sold?',
                    'When did "{work3}" change hands?',
                    'In which month did "{work3}" get a new owner?',
                ),
                "why3": (
                    'Why was the price of "{work3}" so high?',
                    'Why was "{work3}" so expensive?',
                    'What drove up the price of "{work3}"?',
                ),
            },
            (
                '{month3}, another picture, "{work3}" by {painter3}, had brought {sum3} {why3}.',
                'Another picture, "{work3}" by {painter3}, had been auctioned {month3} for {sum3}; '
                "it brought so much {why3}.",
            ),
            '"{work3}", painted by {painter3:bare}, was sold {month3} and fetched a price of '
            "{sum3}; the price was so high {why3}.",
            0.9,
        ),
    ),
)  # fmt: skip

STORIES = (PROJECT, PRIZE, PICTURE)
