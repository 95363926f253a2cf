"""The words of the parallel corpus: things, people, places, times, and what they are in Chinese.

Tables are text, so that they can be read and mended. Each row is `english | … | chinese`; a comma
separates translations that are all right, the commoner first. All people are invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Rules = dict[str, list[str]]


def rows(table: str) -> list[list[str]]:
    """The rows of a table, cell by cell; a bar without space around it is none of the table's."""
    return [
        [cell.strip() for cell in re.split(r"\s+\|(?=\s|$)", row)]
        for row in table.strip().splitlines()
    ]


def tables(text: str) -> Rules:
    """Several tables: each a name, and its rows below, indented. A row may be a rule itself."""
    found: Rules = {}
    name = ""
    for line in filter(None, text.splitlines()):
        if not line.startswith(" "):
            name = line.strip()
            found[name] = []
        else:
            found[name] += [line.strip()] if "=>" in line else pairs(line)
    return found


def rules_of(text: str) -> list[str]:
    """Rules, each an English line and its translations below, indented."""
    found: list[str] = []
    for line in filter(None, text.splitlines()):
        if not line.startswith(" "):
            found.append(line.strip())
        else:
            found[-1] += (" / " if "=>" in found[-1] else " => ") + line.strip()
    return found


def either(words: str) -> str:
    """'车,汽车' as '(车|汽车)': a choice, in the grammar's notation."""
    return f"({words.replace(',', '|')})" if "," in words else words


def pairs(table: str) -> list[str]:
    """Rules from rows `english | chinese`."""
    return [f"{en} => {either(zh)}" for en, zh in rows(table)]


def article(words: str) -> str:
    """a or an."""
    return "an" if words[0] in "aeiou" else "a"


# --- Things -------------------------------------------------------------------------------------
# singular/plural | measure words | Chinese | the groups of adjectives that fit

NOUNS = """
book/books                     | 本     | 书                | text
novel/novels                   | 本,部  | 小说              | text
magazine/magazines             | 本     | 杂志              | text
letter/letters                 | 封     | 信                | long
email/emails                   | 封     | 邮件,电子邮件     | long
report/reports                 | 份     | 报告              | long
article/articles               | 篇     | 文章              | text
shirt/shirts                   | 件     | 衬衫,衬衣         | look colour
coat/coats                     | 件     | 大衣,外套         | look colour
dress/dresses                  | 条     | 裙子,连衣裙       | look colour
hat/hats                       | 顶     | 帽子              | look colour
pair of shoes/pairs of shoes   | 双     | 鞋,鞋子           |
umbrella/umbrellas             | 把     | 伞,雨伞           | colour
bag/bags                       | 个     | 包                | look colour
watch/watches                  | 块     | 手表              | price
computer/computers             | 台     | 电脑,计算机       | price
phone/phones                   | 部     | 手机              | price
camera/cameras                 | 台,部  | 相机,照相机       | price
bicycle/bicycles               | 辆     | 自行车            | price colour
car/cars                       | 辆     | 车,汽车           | price colour
table/tables                   | 张     | 桌子              | size
chair/chairs                   | 把     | 椅子              | size
cup/cups                       | 个     | 杯子              | size
ticket/tickets                 | 张     | 票                |
film/films                     | 部     | 电影              | text
cat/cats                       | 只     | 猫                | pet
dog/dogs                       | 只,条  | 狗                | pet
apple/apples                   | 个     | 苹果              | pet
cup of coffee/cups of coffee   | 杯     | 咖啡              |
cup of tea/cups of tea         | 杯     | 茶                |
glass of water/glasses of water | 杯    | 水                |
glass of milk/glasses of milk  | 杯     | 牛奶              |
bottle of beer/bottles of beer | 瓶     | 啤酒              |
bottle of wine/bottles of wine | 瓶     | 葡萄酒            |
bowl of rice/bowls of rice     | 碗     | 米饭              |
bowl of noodles/bowls of noodles | 碗   | 面条,面           |
piece of bread/pieces of bread | 片,块  | 面包              |
piece of cake/pieces of cake   | 块     | 蛋糕              |
"""

CLASSES = {  # what is done with things: bought, given, read...
    "goods": "book, shirt, coat, dress, hat, pair of shoes, umbrella, bag, watch, computer, phone, "
    "camera, bicycle, car, table, chair",
    "gift": "book, hat, umbrella, bag, watch, phone, camera, bicycle, shirt, coat",
    "worn": "shirt, coat, dress, hat, bag, pair of shoes",
    "text": "book, novel, magazine, letter, report, article",
    "lent": "book, novel, magazine, umbrella, bicycle, camera",
    "shelf": "book, novel, magazine",
    "writing": "letter, email, report, article",
    "machine": "computer, bicycle, car, camera",
    "pet": "cat, dog",
    "on_table": "book, letter, cup, apple, ticket, magazine, report, camera, phone",
    "sold": "coat, bag, watch, computer, phone, camera, bicycle, car, table",
    "own": "book, umbrella, bag, watch, phone, camera, bicycle, coat, hat, computer, car",
    "drink": "cup of coffee, cup of tea, glass of water, glass of milk, bottle of beer, "
    "bottle of wine",
    "food": "apple, bowl of rice, bowl of noodles, piece of bread, piece of cake",
}

ADJECTIVES = {
    "text": "new | 新 ; interesting | 有趣的,有意思的 ; good | 好",
    "long": "long | 很长的 ; short | 很短的",
    "look": "new | 新 ; expensive | 很贵的,昂贵的 ; cheap | 便宜的 ; beautiful | 漂亮的,好看的",
    "price": "new | 新 ; expensive | 很贵的,昂贵的 ; cheap | 便宜的 ; good | 好",
    "colour": "red | 红色的,红色 ; white | 白色的,白色 ; black | 黑色的,黑色 ; blue | 蓝色的,蓝色",
    "size": "big | 大 ; small | 小 ; new | 新",
    "pet": "big | 大 ; small | 小",
}

MASS = {  # what is not counted: "drinks tea", "likes noodles"
    "drink": """
coffee | 咖啡
tea | 茶
water | 水
milk | 牛奶
beer | 啤酒
wine | 葡萄酒
""",
    "food": """
rice | 米饭
noodles | 面条
fish | 鱼
beef | 牛肉
bread | 面包
fruit | 水果
vegetables | 蔬菜,青菜
dumplings | 饺子
""",
}

NUMERALS = """
two | 两,2
three | 三,3
four | 四,4
five | 五,5
six | 六,6
eight | 八,8
ten | 十,10
"""


def noun_rules() -> Rules:
    """What a verb or a sentence can say of a class of things, say goods.

    goods.one after a verb (a red hat, two hats, this hat); goods.none where it is denied (any
    hats) and goods.asked where it is asked for, both without a measure word in Chinese; goods.many
    in general (hats); and goods.a, goods.count, goods.this, goods.that, goods.the.
    """
    rules: Rules = {"n": pairs(NUMERALS), "few": pairs(NUMERALS)[:2]}
    for group, words in ADJECTIVES.items():
        adjectives = [word.split("|") for word in words.split(";")]
        rules[f"adj.{group}"] = [
            f"{article(en.strip())} {en.strip()} => {either(zh.strip())}" for en, zh in adjectives
        ]
    table = {row[0].partition("/")[0]: row for row in rows(NOUNS)}
    for name, nouns in CLASSES.items():
        members = nouns.split(", ")
        for noun in members:
            for form, alternatives in _forms(*table[noun]).items():
                rules.setdefault(f"{name}.{form}", []).extend(alternatives)
        for form in ("one", "none", "asked", "known"):
            rules[f"{name}.{form}"] += [
                f"{len(members)}: {{{name}.{which}}} => {{{name}.{which}}}"
                for which in ("the", "this")
            ]
    for name, words in MASS.items():
        mass, count = pairs(words), len(rows(words))
        counted = [
            rule.replace("{n}", "{few}")
            for rule in rules[f"{name}.one"]
            if f"{{{name}." not in rule
        ]
        rules[f"{name}.mass"] = rules[f"{name}.asked"] = rules[f"{name}.many"] = mass
        rules[f"{name}.doing"] = mass
        rules[f"{name}.none"] = [f"(any|) {{{name}.mass}} => {{{name}.mass}}"]
        rules[f"{name}.one"] = [
            *counted,
            f"{3 * count}: some {{{name}.mass}} => (一些|一点儿){{{name}.mass}}",
        ]
    return rules


def _forms(names: str, measure: str, zh: str, groups: str) -> dict[str, list[str]]:
    """The rules of one noun, by form; each form has the same weight for every noun."""
    singular, plural = names.split("/")
    number = "few" if "price" in groups else "n"  # hardly anybody buys ten cars
    measure, zh, a = either(measure), either(zh), f"{article(singular)} {singular}"
    described = [
        f"{{adj.{group}}} {singular} => 一{measure}{{adj.{group}}}{zh}" for group in groups.split()
    ] or [f"{a} => 一{measure}{zh}"]
    return {
        "one": [
            f"4: {a} => 一{measure}{zh}",
            f"4: {{{number}}} {plural} => {{{number}}}{measure}{zh}",
            f"1: some {plural} => 几{measure}{zh} / 一些{zh}",
            *(f"{3 / len(described)}: {rule}" for rule in described),
        ],
        "none": [f"3: {a} => {zh}", f"2: any {plural} => (|任何){zh}"],
        "asked": [f"5: {a} => {zh}"],
        "known": [],
        "doing": [f"3: {a} => 一{measure}{zh} / {zh}", f"2: the {singular} => 那{measure}{zh}"],
        "many": [f"{plural} => {zh}"],
        "noun": [f"{singular} => {zh}"],
        "there": [f"{singular} => 那{measure}{zh} / {zh}"],
        "a": [f"2: {a} => 一{measure}{zh}", *(f"{1 / len(described)}: {r}" for r in described)],
        "count": [f"{{n}} {plural} => {{n}}{measure}{zh}"],
        "plural": [f"{plural} => {measure}{zh}"],
        "this": [f"this {singular} => 这{measure}{zh}"],
        "that": [f"that {singular} => 那{measure}{zh}"],
        "the": [f"the {singular} => (那|这){measure}{zh}"],
    }


# --- People -------------------------------------------------------------------------------------

NAMES = """
man
    Tom | 汤姆
    David | 大卫
    Peter | 彼得
    Jack | 杰克
    Paul | 保罗
    Li Ming | 李明
    Wang Wei | 王伟
    Zhang Lei | 张磊
    Mr Wang | 王先生
    Mr Zhao | 赵先生
woman
    Anna | 安娜
    Mary | 玛丽
    Lucy | 露西
    Emma | 艾玛
    Wang Fang | 王芳
    Li Na | 李娜
    Liu Min | 刘敏
    Mrs Chen | 陈太太
    Mrs Sun | 孙太太
    Miss Zhou | 周小姐
third
    Dr Zhang | 张医生
    Professor Liu | 刘教授
    Manager Huang | 黄经理
"""
KIN = """
man
    father | 爸爸,父亲
    brother | 哥哥,弟弟
    grandfather | 爷爷,外公
    uncle | 叔叔,舅舅
    son | 儿子
woman
    mother | 妈妈,母亲
    sister | 姐姐,妹妹
    grandmother | 奶奶,外婆
    aunt | 姑姑,阿姨
    daughter | 女儿
"""

# person -> its forms: English subject, verb forms, possessive; Chinese subject
PERSONS = {
    "i": {"en": "I", "zh": "我", "is": "am", "was": "was", "his": "my", "third": False},
    "you": {"en": "you", "zh": "你", "is": "are", "was": "were", "his": "your", "third": False},
    "he": {"en": "he", "zh": "他", "is": "is", "was": "was", "his": "his", "third": True},
    "she": {"en": "she", "zh": "她", "is": "is", "was": "was", "his": "her", "third": True},
    "we": {"en": "we", "zh": "我们", "is": "are", "was": "were", "his": "our", "third": False},
    "they": {
        "en": "they",
        "zh": "他们",
        "is": "are",
        "was": "were",
        "his": "their",
        "third": False,
    },
}
STATED = {"i": 5, "you": 0.7, "he": 6, "she": 6, "we": 3, "they": 3}  # who statements are about
ASKED = {"you": 7, "he": 4, "she": 4, "they": 2.5}  # and questions


def people_rules() -> Rules:
    """Subjects by person (who.he, asked.he), and whom they meet (whom.he: never themselves)."""
    rules: Rules = {f"name.{kind}": names for kind, names in tables(NAMES).items()}
    rules |= {f"kin.{kind}": words for kind, words in tables(KIN).items()}
    rules["kin"] = ["{kin.man} => {kin.man}", "{kin.woman} => {kin.woman}"]
    rules["friend"] = pairs("friend | 朋友\nteacher | 老师\nneighbour | 邻居\ncolleague | 同事")
    for person, forms in PERSONS.items():
        rules[f"who.{person}"] = [f"6: {forms['en']} => {forms['zh']}"]
        rules[f"asked.{person}"] = [f"6: {forms['en']} => {forms['zh']}"]
        rules[f"named.{person}"] = [f"3: {forms['en']} => {forms['zh']}"]
        own, zh = forms["his"], forms["zh"]
        rules[f"kin.of.{person}"] = [f"{own} {{kin}} => ({zh}|){{kin}}"]
        rules[f"whom.{person}"] = [
            f"5: {{kin.of.{person}}} => {{kin.of.{person}}}",
            f"3: {own} {{friend}} => ({zh}的|){{friend}}",
            "1.5: {name.third} => {name.third}",
        ]
    for person, kind, other in (("he", "man", "woman"), ("she", "woman", "man")):
        named = f"6: {{name.{kind}}} => {{name.{kind}}}"
        rules[f"named.{person}"].append(named)
        rules[f"who.{person}"] += [
            named,
            f"3: my {{kin.{kind}}} => (我|我的){{kin.{kind}}}",
            f"0.6: {{name.{other}}}'s {{kin.{kind}}} => {{name.{other}}}的{{kin.{kind}}}",
        ]
        rules[f"asked.{person}"] += [named, f"3: your {{kin.{kind}}} => (你|你的){{kin.{kind}}}"]
        rules[f"whom.{person}"].append(f"4: {{name.{other}}} => {{name.{other}}}")
    for person in ("i", "you", "we"):
        rules[f"whom.{person}"] += [
            "2: {name.man} => {name.man}",
            "2: {name.woman} => {name.woman}",
        ]
    for which, whose, zh in (("who", "my", "我"), ("asked", "your", "你")):
        rules[f"{which}.they"] += [
            f"2: {whose} parents => {zh}(父母|爸爸妈妈)",
            f"1: {whose} friends => {zh}的朋友(们|)",
            "2: the children => 孩子们",
            f"2: {whose} children => {zh}的孩子(们|)",
            "1.5: {name.man} and {name.woman} => {name.man}和{name.woman}",
        ]
    return rules


# --- Places -------------------------------------------------------------------------------------

LOCAL = """
library | 图书馆
park | 公园
hospital | 医院
supermarket | 超市
bank | 银行
station | 车站,火车站
airport | 机场
museum | 博物馆
restaurant | 餐厅,饭馆
cinema | 电影院
hotel | 酒店,宾馆
post office | 邮局
market | 市场
zoo | 动物园
bookshop | 书店
office | 办公室
"""
CITIES = """
Beijing | 北京
Shanghai | 上海
Guangzhou | 广州
Hong Kong | 香港
London | 伦敦
Paris | 巴黎
Berlin | 柏林
Rome | 罗马
Madrid | 马德里
Moscow | 莫斯科
Tokyo | 东京
New York | 纽约
"""
COUNTRIES = """
China | 中国
Japan | 日本
India | 印度
France | 法国
Germany | 德国
Britain | 英国
Italy | 意大利
Spain | 西班牙
Russia | 俄罗斯
Canada | 加拿大
Brazil | 巴西
Australia | 澳大利亚
the United States | 美国
"""

# Where a thing is done. The Chinese stands after 在.
SPOTS = """
home
    at home | 家里,家
study
    at home | 家里,家
    in the library | 图书馆
    in the office | 办公室
    at school | 学校
    on the train | 火车上
shop
    in the supermarket | 超市
    at the market | 市场,市场上
    online | 网上
    in the shop | 商店,店里
eat
    at home | 家里,家
    in the restaurant | 餐厅,饭馆
    at school | 学校
    in the garden | 花园里
sport
    in the park | 公园,公园里
    at school | 学校
    on the beach | 海滩上,海边
meet
    in the park | 公园,公园里
    in the library | 图书馆
    at the station | 车站,火车站
    at the airport | 机场
    in the hotel | 酒店,宾馆
drink
    at home | 家里,家
    in the restaurant | 餐厅,饭馆
    in the hotel | 酒店,宾馆
stop
    at the station | 车站,火车站
    at the airport | 机场
walk
    in the park | 公园,公园里
    on the beach | 海滩上,海边
work
    in the office | 办公室
    at home | 家里,家
    in the hospital | 医院
    at the bank | 银行
"""


def place_rules() -> Rules:
    """Places in town, cities, countries, and spots (spot.study) where something is done."""
    local = rows(LOCAL)
    rules = {
        "local": [f"the {en} => {either(zh)}" for en, zh in local],
        "far": ["3: {city} => {city}", "2: {country} => {country}"],
        # From here to there by train: on one continent, and never to where it starts.
        "start.east": pairs("Beijing | 北京\nGuangzhou | 广州"),
        "end.east": pairs("Shanghai | 上海\nHong Kong | 香港"),
        "start.west": pairs("London | 伦敦\nBerlin | 柏林\nMadrid | 马德里"),
        "end.west": pairs("Paris | 巴黎\nRome | 罗马"),
        "city": pairs(CITIES),
        "country": pairs(COUNTRIES),
    }
    return rules | {f"spot.{name}": spots for name, spots in tables(SPOTS).items()}


# --- Times --------------------------------------------------------------------------------------

TIMES = """
past.near
    4: yesterday | 昨天
    1: yesterday morning | 昨天早上,昨天上午
    1: yesterday afternoon | 昨天下午
    1: yesterday evening | 昨天晚上,昨晚
    2: last night | 昨晚,昨天晚上
    1.5: this morning | 今天早上,今天上午
    2: last weekend | 上周末,上个周末
    1: after dinner | 晚饭后,吃完晚饭后
past.day
    4: yesterday | 昨天
    2: last weekend | 上周末,上个周末
past.far
    3: last week | 上周,上个星期
    2: last month | 上个月
    2: last year | 去年
past.long
    2: last month | 上个月
    3: last year | 去年
future.long
    2: next month | 下个月
    2: next year | 明年
future.near
    4: tomorrow | 明天
    1: tomorrow morning | 明天早上,明天上午
    1: tomorrow afternoon | 明天下午
    1: tomorrow evening | 明天晚上,明晚
    2: tonight | 今晚,今天晚上
    1.5: this afternoon | 今天下午
    2: this weekend | 这个周末,本周末
    1: after dinner | 晚饭后,吃完晚饭后
future.day
    4: tomorrow | 明天
    2: this weekend | 这个周末,本周末
future.far
    3: next week | 下周,下个星期
    2: next month | 下个月
    2: next year | 明年
hour
    six | 六,6
    seven | 七,7
    eight | 八,8
    nine | 九,9
    ten | 十,10
weekday
    Monday | 周一,星期一
    Tuesday | 周二,星期二
    Wednesday | 周三,星期三
    Thursday | 周四,星期四
    Friday | 周五,星期五
    Saturday | 周六,星期六
    Sunday | 周日,星期天
month
    January | 1月,一月
    March | 3月,三月
    April | 4月,四月
    May | 5月,五月
    June | 6月,六月
    July | 7月,七月
    September | 9月,九月
    October | 10月,十月
    December | 12月,十二月
"""


def time_rules() -> Rules:
    """Times by tense, near (to the hour or day) and far (to the week or year); dates; habits."""
    rules = {f"time.{name}": times for name, times in tables(TIMES).items()}
    for near in ("near", "day"):
        rules[f"time.past.{near}"] += [
            "3: on {time.weekday} => {time.weekday}",
            "1: last {time.weekday} => 上{time.weekday}",
            "2: {few} days ago => {few}天前",
        ]
        rules[f"time.future.{near}"] += [
            "3: on {time.weekday} => {time.weekday}",
            "1: next {time.weekday} => 下{time.weekday}",
        ]
    rules["time.future.near"] += [
        "0.7: at {time.hour} o'clock tomorrow morning => 明天(早上|上午){time.hour}点",
        "0.7: at {time.hour} o'clock tonight => (今晚|今天晚上){time.hour}点",
    ]
    rules["time.past.far"] += [
        "1.5: {n} weeks ago => {n}(周前|个星期前)",
        "1.5: {n} months ago => {n}个月前",
        "1: {n} years ago => {n}年前",
        "2: in {time.year} => {time.year}",
        "5: {time.past.day} => {time.past.day}",
    ]
    rules["time.past.long"] += [
        "2: {n} months ago => {n}个月前",
        "2: {n} years ago => {n}年前",
        "3: in {time.year} => {time.year}",
    ]
    rules["time.future.far"] += ["5: {time.future.day} => {time.future.day}"]
    rules["time.year"] = [f"{year} => {year}年" for year in range(2015, 2025)]
    rules["time.birth"] = [f"{year} => {year}年" for year in (1985, 1990, 1995, 2000, 2005)]
    rules["oft"] = pairs(
        "often | 经常,常常,常\nusually | 通常,一般\nalways | 总是\nsometimes | 有时,有时候"
    )
    return rules


def word_rules() -> Rules:
    """All of them."""
    parts: Iterable[Rules] = (noun_rules(), people_rules(), place_rules(), time_rules())
    return {name: alternatives for part in parts for name, alternatives in part.items()}
