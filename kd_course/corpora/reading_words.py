"""The words of the reading corpus: names, places, trades, roles, reasons that fit any company.

Companies, people, prizes and works of art are invented; cities are real. Every list of names has
a second part, the NEW_ one, that only the split `test_new_names` draws from.
"""

from __future__ import annotations

COMPANIES = (
    "Aldermark Brennholt Castellin Dalvik Eskilma Fennoray Granholt Halvaro Ilmatek Jokivar "
    "Kallanen Lindvarra Merimaa Norrvika Oulanko Pohjan Quarnfeld Ravensund Saarimet Tuulen "
    "Ulvmark Vantela Westerby Ylivesi Zentrica Askarhav Bjornvik Calderholm Drevstad Ekolinja "
    "Fjordbrek Grimsvall Hakona Isomaki Jarlsund Kivitek Lumisto Marenta Nordavind Orrefell "
    "Pajusalo Rognheim Skaldvik Torsmark Uudenmaa Valmarin Winterholm Ahvenmeri Brandvoll "
    "Corvinex Delmora Elverket Forsbacken Gavlemet Hellevaara Ivaldi Jansholt Kestria Luminda"
).split()
NEW_COMPANIES = (
    "Mirovar Nystrand Ostavik Perkola Quendal Rautasalo Solvanger Tallmark Ullmera Vesirinne "
    "Wexholm Yrjana Zandmeer Aurinvest Bergslund Cederstad Dunhavn Ekvall Hamrevik Kyrola"
).split()

MEN = (
    "Mikko Antti Lars Jens Henrik Olli Peter Erik Juha Magnus Timo Karl Nils Anders Sven Paul "
    "Martin Thomas David Oscar"
).split()
WOMEN = (
    "Anna Kirsi Maria Ingrid Hanna Karin Lisa Eva Sofia Helle Tina Paula Marit Birgit Laura Lena "
    "Julia Nora Clara Emma"
).split()
SURNAMES = (
    "Lindqvist Virtanen Korhonen Nyberg Salonen Hansted Berglund Makinen Ostergaard Rantala "
    "Sandelin Tervo Ekholm Ahlgren Kettunen Holmgaard Nordlund Laakso Fagerstad Piirainen "
    "Aaltonen Bjerke Dahlberg Eskelund Grahn Heikkinen Ivarsson Jokela Kallio Lundgren Mattila "
    "Niemi Olsson Pesonen Rinne Soderholm Tuomela Uotila Vikstrom Wallin Becker Clausen Dietrich "
    "Engel Fischer Gruber Hofmann Janssen Keller Lorenz Maurer Novak Petersen Richter Schuster "
    "Thomsen Vogel Wagner Zimmer Brandt"
).split()
NEW_SURNAMES = (
    "Abelson Bergman Carlsen Drexler Enqvist Forsman Gustavsson Halonen Isaksen Jurgens Koskela "
    "Lehtonen Moller Norberg Paulsen Quist Rosenberg Sjoberg Tikkanen Ullmann"
).split()

CITIES = {  # city -> country
    "Helsinki": "Finland", "Tampere": "Finland", "Turku": "Finland", "Oulu": "Finland",
    "Vaasa": "Finland", "Kotka": "Finland", "Stockholm": "Sweden", "Gothenburg": "Sweden",
    "Malmo": "Sweden", "Uppsala": "Sweden", "Linkoping": "Sweden", "Oslo": "Norway",
    "Bergen": "Norway", "Stavanger": "Norway", "Trondheim": "Norway", "Copenhagen": "Denmark",
    "Aarhus": "Denmark", "Odense": "Denmark", "Aalborg": "Denmark", "Tallinn": "Estonia",
    "Tartu": "Estonia", "Riga": "Latvia", "Liepaja": "Latvia", "Vilnius": "Lithuania",
    "Kaunas": "Lithuania", "Warsaw": "Poland", "Gdansk": "Poland", "Poznan": "Poland",
    "Hamburg": "Germany", "Bremen": "Germany", "Rostock": "Germany", "Leipzig": "Germany",
    "Rotterdam": "the Netherlands", "Utrecht": "the Netherlands", "Vienna": "Austria",
    "Graz": "Austria", "Antwerp": "Belgium", "Ghent": "Belgium",
}  # fmt: skip
NEW_CITIES = {
    "Lahti": "Finland", "Kuopio": "Finland", "Vaxjo": "Sweden", "Kalmar": "Sweden",
    "Tromso": "Norway", "Esbjerg": "Denmark", "Parnu": "Estonia", "Klaipeda": "Lithuania",
    "Krakow": "Poland", "Szczecin": "Poland", "Kiel": "Germany", "Dresden": "Germany",
    "Eindhoven": "the Netherlands", "Linz": "Austria",
}  # fmt: skip
NATIONS = {  # country -> adjective
    "Finland": "Finnish", "Sweden": "Swedish", "Norway": "Norwegian", "Denmark": "Danish",
    "Estonia": "Estonian", "Latvia": "Latvian", "Lithuania": "Lithuanian", "Poland": "Polish",
    "Germany": "German", "the Netherlands": "Dutch", "Austria": "Austrian", "Belgium": "Belgian",
}  # fmt: skip
MONTHS = (
    "January February March April May June July August September October November December"
).split()

# trade -> (product, faults that it can have)
TRADES = {
    "lift maker": ("lifts", ("the brakes may fail", "the doors can open between floors")),
    "pump maker": ("pumps", ("the seals may leak", "the housing can crack in frost")),
    "bus maker": ("buses", ("the brakes may fail", "fuel may leak onto the exhaust")),
    "crane builder": ("cranes", ("the cables can snap", "the hook can come loose")),
    "boat builder": ("boats", ("the hull can crack", "water can enter the engine room")),
    "bicycle maker": ("bicycles", ("the frame can break", "the handlebars can come loose")),
    "battery maker": ("batteries", ("the cells may overheat", "acid may leak from the case")),
    "tractor maker": ("tractors", ("the steering may jam", "the brakes may fail on slopes")),
    "oven maker": ("ovens", ("gas may escape", "the glass door can shatter")),
    "engine maker": ("engines", ("the cooling may fail", "the fuel pump can jam")),
    "drone maker": ("drones", ("the rotors can break in flight", "the radio link may fail")),
    "boiler maker": ("boilers", ("the pressure valve may jam", "hot water may escape")),
}

BANKS = "Carlsund Bank;Eikeland Securities;Norhaven Bank;Pikisaari Bank;Sundholm Bank".split(";")
FUNDS = "Brage Capital;Hovden Partners;Lagune Invest;Mosvik Capital;Storhagen Invest".split(";")
FOUNDERS = "engineer inventor merchant shipowner".split()

# role -> (before the name, behind the name). COMPANY and CITY are filled in by the story.
ROLES = {
    "chief": (
        ("chief executive", "chief executive of COMPANY"),
        ("managing director", "managing director of COMPANY"),
    ),
    "finance": (
        ("finance chief", "finance chief of COMPANY"),
        ("chief financial officer", "chief financial officer of COMPANY"),
    ),
    "chair": (("chairMAN", "chairMAN of COMPANY"),),
    "analyst": tuple(("analyst", f"an analyst at {bank}") for bank in BANKS),
    "union": (("union leader", "the leader of the metalworkers' union"),),
    "minister": (
        ("industry minister", "the minister of industry"),
        ("trade minister", "the minister of trade"),
    ),
    "lawyer": (("lawyer", "a lawyer for the company"),),
    "fire chief": (("fire chief", "the head of the fire brigade"),),
    "tester": (("engineer", "an engineer"), ("inspector", "an inspector")),
    "mayor": (("mayor", "the mayor of the city"),),
    "architect": (("architect", "an architect from COUNTRY"),),
    "scholar": (
        ("chemist", "a chemist"), ("biologist", "a biologist"), ("physicist", "a physicist"),
        ("historian", "a historian"), ("geologist", "a geologist"), ("doctor", "a doctor"),
    ),
    "painter": (("painter", "a painter from COUNTRY"),),
    "collector": (("collector", "a collector from COUNTRY"), ("banker", "a retired banker")),
    "auctioneer": (("auctioneer", "the auctioneer"),),
    "manager": (
        ("engineer", "an engineer by training"), ("lawyer", "a lawyer by training"),
        ("economist", "an economist"),
    ),
    "founder": tuple((trade, f"{'an' if trade[0] in 'ei' else 'a'} {trade}") for trade in FOUNDERS),
    "patron": (("science minister", "the minister of science"), ("rector", "the rector")),
}  # fmt: skip

# The reasons of a step: "link |what every annotator marks| what some leave out".
REASONS = {
    "buy": (
        "to |gain a foothold| in Asia", "to |win customers| in the shipping industry",
        "to |cut its transport costs|", "to |get hold of new technology|",
        "to |widen its range|", "to |depend less on suppliers| from abroad",
        "to |replace an ageing product line|", "to |make up for weak sales| at home",
    ),
    "site": (
        "because |the harbour is close|", "because |wages are low| in the region",
        "because of |the good rail links|", "because |the local university trains engineers|",
        "because of |cheap electricity| from wind farms", "because |land was easy to get|",
        "because of |a tax break| from the state",
    ),
    "cuts": (
        "because |orders have dried up|", "because of |weak demand| from builders",
        "after |the loss of its largest customer|", "because |steel has become too expensive|",
        "because of |cheap imports| from overseas", "because of |high energy prices|",
        "after |two years of losses|",
    ),
    "leave": (
        "because of |poor health|", "after |a quarrel with the owners| over strategy",
        "because of |disappointing results|", "after |a failed merger|",
        "to |teach at a university|", "to |enter politics|",
    ),
    "choice": (
        "because of |its short delivery times|", "because |it offered the lowest price|",
        "because of |its dense service network| in the region",
        "because |its products use less power|", "because of |a five-year guarantee| on all parts",
        "because |earlier deliveries had arrived on time|",
    ),
    "fire": (
        "because |a machine had overheated|", "because of |a short circuit| in the attic",
        "because |a gas pipe had leaked|", "after |a lightning strike| during the night",
        "because of |careless welding| on the roof",
    ),
    "move": (
        "because of |a lack of space| in the old building",
        "because of |high rents| in the old city",
        "to |be closer to its customers|", "because of |the many young engineers| there",
        "because of |better flight connections|",
    ),
    "delay": (
        "because |Roman walls were found on the site|", "because of |a lawsuit| by neighbours",
        "after |the builder went bankrupt|", "because of |a shortage of steel|",
        "because |the ground was too soft|",
    ),
    "need": (
        "because |the roof of the old one leaked|", "because |the old one had become too small|",
        "because of |the growing number of tourists| from abroad",
        "to |bring life to the quarter|", "after |a petition| signed by thousands of residents",
    ),
    "honour": (
        "for |a cheap test for malaria|", "for |a history of the Baltic ports|",
        "for |a new way to recycle plastic|", "for |research on melting glaciers|",
        "for |a map of the ocean floor|", "for |a vaccine against ticks|",
        "for |studies of bird migration| over the Arctic",
        "for |a method to store heat| in salt",
    ),
    "profit": (
        "thanks to |strong exports| to Asia", "because |costs had fallen|",
        "thanks to |a mild winter|", "because |a new factory had started work|",
        "thanks to |lower steel prices|", "because |a large order was finished early|",
    ),
    "art": (
        "because |two museums bid against each other|", "because of |its perfect condition|",
        "because |it had been thought lost| for decades",
        "because of |a new book about the painter|",
        "because |few works by the painter are for sale|",
    ),
    "down": (
        "because |investors had hoped for more|", "because of |fears of higher interest rates|",
        "after |a profit warning from a supplier|",
    ),
    "up": (
        "because |investors had feared worse|", "because of |hopes of a higher dividend|",
        "after |rumours of a takeover bid|",
    ),
}  # fmt: skip

# Who fines whom for what: authority -> what it punishes, as the text says it.
OFFENCES = {
    "competition authority": (
        "for |fixing prices| with other companies", "for |sharing out markets| with competitors",
    ),
    "environment agency": (
        "for |dumping waste in a river|", "for |burning waste oil| at night",
    ),
    "financial regulator": (
        "for |misleading its shareholders|", "for |hiding losses| from investors",
    ),
    "customs office": (
        "for |breaking export rules|", "for |false papers| for goods from Asia",
    ),
    "labour inspectorate": (
        "for |ignoring safety rules|", "for |making staff work on Sundays|",
    ),
}  # fmt: skip

THINGS = {  # what a city builds -> where it can stand
    "museum": ("on |the old harbour front|", "next to |the railway station|",
    "beside |the cathedral|"),
    "concert hall": ("in |the city park|", "on |the site of a former brewery|",
    "next to |the opera|"),
    "library": ("on |the market square|", "beside |the town hall|", "in |an old tram depot|"),
    "theatre": ("in |the old fish market|", "on |the river bank|", "beside |the botanical garden|"),
    "swimming hall": ("next to |the football stadium|", "on |the university campus|",
    "behind |the castle|"),
}  # fmt: skip

PRIZES = (
    "Nordmark Prize;Halden Medal;Vega Prize;Lindholm Award;Aurora Medal;Sibbe Prize;"
    "Fenn Award;Ekelund Medal"
).split(";")
WORKS = (
    "The White Ferry;Winter in the Harbour;Two Sisters;The Red Boathouse;Evening by the Lake;"
    "The Glass Blower;Girl with a Lantern;Snow over the Mill;The Old Lighthouse;Market Day"
).split(";")
