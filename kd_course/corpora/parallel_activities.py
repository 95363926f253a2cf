"""What people do, in the parallel corpus: activities, and the frames that put them into sentences.

ACTIVITIES says each activity once, in both languages. STATEMENTS and QUESTIONS put it into the
past, the future, a denial, a habit, a question... A sentence is written for every person, so that
verbs and possessives agree:

    <S> who it is about     <A> who is asked about     <N> someone with a name     <he> the pronoun
    <is> <was> <do> <have> <want>   the verb in the person's form         <his> <kin> <whom>
    <他> the pronoun        <他的> the possessive, which Chinese mostly leaves out
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kd_course.corpora.parallel_words import PERSONS, Rules, rows, rules_of, tables

# --- Verb forms ---------------------------------------------------------------------------------

IRREGULAR = """
buy bought bought
sell sold sold
give gave given
read read read
write wrote written
drink drank drunk
eat ate eaten
have had had
make made made
go went gone
fly flew flown
meet met met
take took taken
lose lost lost
find found found
leave left left
send sent sent
do did done
see saw seen
get got got
learn learned learned
sing sang sung
"""
DOUBLED = {"get": "getting", "travel": "travelling", "swim": "swimming", "plan": "planning"}


def verb_forms(verb: str) -> dict[str, str]:
    """base, third (he goes), past, done (he has gone), doing."""
    irregular = {row.split()[0]: row.split()[1:] for row in IRREGULAR.strip().split("\n")}
    ends_in_y = verb[-1] == "y" and verb[-2] not in "aeiou"
    if verb == "have":
        third = "has"
    elif ends_in_y:
        third = f"{verb[:-1]}ies"
    else:
        third = f"{verb}es" if verb.endswith(("o", "s", "sh", "ch")) else f"{verb}s"
    stem = verb[:-1] if verb[-1] == "e" and not verb.endswith("ee") else verb
    doing = DOUBLED.get(verb, f"{stem}ing")
    regular = f"{verb[:-1]}ied" if ends_in_y else f"{doing.removesuffix('ing')}ed"
    past, done = irregular.get(verb, (regular, regular))
    return {"base": verb, "third": third, "past": past, "done": done, "doing": doing}


def for_person(text: str, person: str) -> str:
    """A template with everything in <…> in the form of one person."""
    forms = PERSONS[person]
    third = bool(forms["third"])
    known = {
        "S": f"{{who.{person}}}", "A": f"{{asked.{person}}}", "N": f"{{named.{person}}}",
        "kin": f"{{kin.of.{person}}}", "whom": f"{{whom.{person}}}",
        "is": forms["is"], "was": forms["was"], "his": forms["his"], "he": forms["en"],
        "他": forms["zh"], "他的": f"(|{forms['zh']}的)", "person": person,
    }  # fmt: skip

    def form(match: re.Match) -> str:
        name = match[1]
        return known[name] if name in known else verb_forms(name)["third" if third else "base"]

    return re.sub(r"<(\w+)>", form, text)


# --- Activities ---------------------------------------------------------------------------------
# time | English, [verb] | Chinese, ~ where 了 may stand | Chinese for what is done | frames | where
#
# {goods*} takes the form that the frame asks for: a hat, two hats, any hats.
# time: near (to the hour or day), day (whole days), far (weeks and years too), long (no days).
# frames: P past, N denied in the past (B, O: because of oneself, of the weather), F future, M must,
# H habit, G going on, X already done (A: only affirmed), Q "did you…?", W "when did you…?",
# Y "where did you…?", R request, L "let's…", E forgotten; a letter twice counts double.

ACTIVITIES = """
far  | [buy] {goods*}             | 买~{goods*}             | | PPPNNFFXQQWY | shop
far  | [sell] <his> {sold.noun}        | 卖掉<他的>{sold.noun} / 把<他的>{sold.noun}卖掉 | 卖了<他的>{sold.noun} / 把<他的>{sold.noun}卖了 | PFXQW |
far  | [give] <kin> {gift.a}      | (送给|送)<kin>{gift.a}   | (送给|送了|给了)<kin>{gift.a} | PFF |
far  | [buy] <kin> {gift.a}       | 给<kin>买{gift.a}       | 给<kin>买了{gift.a} | PFA |
near | [read] {text*}             | (看|读)~{text*}         | | PPNFXGQ | study
near | [read] {reading}           | 看{reading}             | | HH | study
near | [write] {writing*}         | 写~{writing*}           | | PPNFXGQM | study
near | [drink] {drink*}           | 喝~{drink*}             | | PPNNFHHGQQ | drink
near | [eat] {food*}              | 吃~{food*}              | | PPPNNFFHHGQQ | eat
day  | [have] {meal}              | 吃~{meal}               | | PNFXQY | eat
day  | [have] dinner              | 吃(晚饭|晚餐)           | | G | eat
day  | [have] {meal} {spot.eat}   | 在{spot.eat}吃{meal}    | | HH |
day  | [have] {meal} together       | 一起吃{meal}            | | LLL |
day  | [make] {meal}              | 做~{meal}               | | PNBFXHQM | home
day  | [make] dinner              | 做(晚饭|晚餐)           | | G | home
near | [watch] {show*}            | 看~{show*}              | | PPNFHGQL | home
near | [go] to {local}            | 去~{local}              | 去了{local} / 去{local}了 | PPPNNBOFFMXQQWLL |
near | [go] to {haunt}            | 去{haunt}               | | HH |
far  | [travel] to {far}          | 去{far}(旅行|旅游)      | 去{far}(旅行|旅游)了 | PPNFFXQWL |
far  | [fly] to {far}             | 坐飞机去{far}           | 坐飞机去了{far} | PFFMW |
near | [visit] {sight}            | 参观~{sight}            | | PNBOFXQL |
far  | [visit] <kin>              | (看望|去看)<kin>        | (看望了|去看了)<kin> | PBNFQM |
near | [call] <whom>              | 给<whom>打电话          | 给<whom>打了(个|)电话 | PNBFXGQMRHE |
near | [meet] <whom>              | (和|跟)<whom>见面       | (和|跟)<whom>见了面 / 见到了<whom> | PNFQWY | meet
near | [help] <kin> {chore}       | (帮|帮助)<kin>{chore}   | | FHM |
near | [help] <kin> {chore.done}  | | (帮|帮助)<kin>{chore.done} | P |
near | [clean] {area}             | 打扫~{area}             | | PNBFXHGQMRE |
near | [wash] {washing}           | 洗~{washing}            | | PNFXHGQMRE |
near | [play] football            | 踢~足球                 | | PNBOFHGQL | sport
near | [play] {ball}              | 打~{ball}               | | PNBFHGQL | sport
near | [play] chess               | 下~(棋|象棋)            | | PNFHGL | home
near | [play] computer games      | 玩~电脑游戏             | | PNFHGQ | home
near | [go] {outing}              | 去{outing}              | 去{outing}了 | PPNBOFFHQWLL |
near | [take] the {transport} to {local} | (坐|乘){transport}去{local} | (坐|乘){transport}去了{local} | PFFMQL |
day  | [stay] at home             | (待在家里|在家待着)     | 待在家里 | PFFM |
day  | [work] {spot.work}         | 在{spot.work}(工作|上班) | 在{spot.work}(工作|上班) | PNFHM |
near | [study] {subject}          | (学习|学)~{subject}     | | PNFHGQL | study
long | [learn] to {skill}         | 学{skill}               | 学会了{skill} | PFFGQ |
near | [lose] <his> {lost}        | 弄丢<他的>{lost}        | (丢了|弄丢了)<他的>{lost} / 把<他的>{lost}弄丢了 | PPQY |
near | [find] <his> {lost}        | 找到<他的>{lost}        | 找到了<他的>{lost} | PNXQY |
near | [leave] <his> {lost} {left} | | 把<他的>{lost}(忘|落)在{left}了 | P |
near | [look] for <his> {lost}    | 找<他的>{lost}          | | GG |
near | [open] the {opening}       | 打开~{opening}          | | PREE |
near | [close] the {opening}      | 关上~{opening}          | | PNREEM |
near | [turn] off the {device}    | (关掉|关)~{device}      | | PNEE |
near | [turn] off the {device}    | 关掉{device} / 把{device}关掉 | | RM |
far  | [borrow] {shelf*} from the library | 从图书馆借~{shelf*} | | PNFXQW |
far  | [borrow] {lent*} from <whom> | (向|跟)<whom>借~{lent*} | | PNFXQ |
near | [return] {lent.the} to <whom> | 把{lent.the}还给<whom> | 把{lent.the}还给了<whom> | PFXMRE |
near | [send] <whom> {mail}       | 给<whom>{mail}          | | FFMREE |
near | [talk] to <whom>           | (和|跟)<whom>(聊天|谈话) | (和|跟)<whom>(聊了聊|谈了谈) | PNFG |
near | [wait] for {awaited}       | 等{awaited}             | | G | stop
near | [wait] for <whom>          | 等<whom>                | | G | meet
near | [take] a shower            | 洗澡                    | 洗了澡 | PNFXG |
near | [do] the housework         | 做~(家务|家务活)        | | PNBFXGHQM |
near | [finish] {task}            | 完成{task}              | (完成了|做完了){task} | PNBFXQM |
near | [prepare] for {exam}       | 准备{exam} / 为{exam}做准备 | 为{exam}做了准备 | PGGM | study
near | [see] a doctor             | (看医生|去看病)         | 看了医生 / 去看病了 | PNFMMQ |
near | [repair] {machine.the}     | (修|修理){machine.the}  | (修好了|修理了){machine.the} | PNFXGMR |
near | [have] a meeting with {client} | (和|跟){client}开会 | (和|跟){client}开了(个|)会 | PNBFXMG |
far  | [book] {n} {journey} tickets to {city} | (订|预订){n}张去{city}的{journey} | (订|预订)了{n}张去{city}的{journey} | PFAMR |
far  | [book] a hotel room in {city} | 在{city}(订|预订)酒店房间 | 在{city}(订|预订)了(一个|)酒店房间 | PFXM |
near | [take] photos              | (拍照|照相)             | 拍了(一些|几张)照片 | PFG | sport
near | [take] a walk              | 散步                    | 散了步 | PNOFGHLL | walk
long | [move] to {city}           | 搬到{city}              | 搬到了{city} / 搬到{city}去了 | PFFXW |
day  | [go] to work by {transport} | (坐|乘){transport}(去|)上班 | 是(坐|乘){transport}去上班的 | HHPF |
day  | [walk] to school           | 走路(去|)上学           | 是走路去上学的 | HPF |
day  | [ride] a bicycle to school | 骑(自行车|车)(去|)上学  | 骑(自行车|车)(去|)上学 | HF |
near | [listen] to {sound}        | 听~{sound}              | | PHG | home
"""

# frame -> (members, English form, Chinese: bare, done, asked, going on; which form of {goods*})
VIEWS = {
    "P": ("P", "past", "done", "one"),
    "N": ("N", "base", "bare", "none"),
    "B": ("B", "base", "bare", "none"),
    "O": ("O", "base", "bare", "none"),
    "F": ("F", "base", "bare", "one"),
    "Fno": ("F", "base", "bare", "none"),
    "Fasked": ("F", "base", "bare", "asked"),
    "M": ("M", "base", "bare", "one"),
    "H": ("H", "present", "bare", "many"),
    "Hbase": ("H", "base", "bare", "many"),
    "G": ("G", "doing", "going", "doing"),
    "X": ("XA", "done", "done", "one"),
    "Xno": ("X", "done", "bare", "none"),
    "Xasked": ("X", "done", "late", "asked"),
    "Q": ("Q", "base", "asked", "asked"),
    "Qbare": ("Q", "base", "bare", "asked"),
    "W": ("W", "base", "bare", "known"),
    "Y": ("Y", "base", "bare", "known"),
    "E": ("E", "base", "bare", "one"),
    "R": ("R", "base", "bare", "one"),
    "L": ("L", "base", "bare", "one"),
}

PAST, FUTURE = "{time.past.GROUP}", "{time.future.GROUP}"
STATEMENTS = """
5: <S> {P} {T}
    <S>{T}{P}
    {T}<S>{P}
1.5: {T} , <S> {P}
    {T}<S>{P}
    <S>{T}{P}
0.5: <S> {P}
    <S>{P}
2.6: <S> (did not|didn't) {N} {T}
    <S>{T}(没有|没){N}
    {T}<S>(没有|没){N}
1: <S> (didn't|did not) {B} {T} because {why0.<person>}
    <S>{T}因为{why0.<person>}(没有|没){B}
    因为{why0.<person>}，(所以|)<S>{T}(没有|没){B}
0.7: <S> (didn't|did not) {B} because {why.<person>}
    <S>(没有|没){B}，因为{why.<person>}
0.8: <S> (didn't|did not) {O} {T} because {weather0}
    <S>{T}因为{weather0}(没有|没){O}
    因为{weather0}，(所以|)<S>{T}(没有|没){O}
2.4: <S> will {F} {U}
    <S>{U}(会|要){F}
    {U}<S>(会|要){F}
1: {U} , <S> will {F}
    {U}<S>(会|要){F}
    <S>{U}(会|要){F}
1.2: <S> <is> going to {F} {U}
    <S>{U}(要|打算|准备){F}
    {U}<S>(要|打算|准备){F}
1.2: <S> <want> to {F} {U}
    <S>{U}(想|想要){F}
    {U}<S>(想|想要){F}
1: <S> <plan> to {F} {U}
    <S>(打算|计划){U}{F}
    <S>{U}(打算|计划){F}
0.6: <S> <hope> to {F} {U}
    <S>希望{U}(能|可以){F}
1: <S> (will not|won't) {Fno} {U}
    <S>{U}不会{Fno}
    {U}<S>不会{Fno}
1: <S> (<do> not|<do>n't) want to {Fno} {U}
    <S>{U}不(想|打算){Fno}
0.6: if <S> <have> time {U} , <he> will {F}
    (如果|要是)<S>{U}有(时间|空)，(<他>会|<他>就会|就会){F}
0.8: <S> <want> to {B} , but <he> (<do> not|<do>n't) have enough time
    <S>想{B}，(但是|但|不过|可是)(<他>|)没有(足够的|)时间
    <S>想{B}，(但是|但|不过|可是)(<他>|)时间不够
1.4: <S> (must|<have> to) {M} {U}
    <S>{U}(必须|得|要){M}
    {U}<S>(必须|得|要){M}
1: <S> should {M} {U}
    <S>{U}(应该|该){M}
1.2: <S> forgot to {E} {T}
    <S>{T}(忘了|忘记){E}
    {T}<S>(忘了|忘记){E}
2: <S> {H} EVERY
    <S>EVERY(都|){H}
    EVERY<S>(都|){H}
1.6: <S> {oft} {H}
    <S>{oft}{H}
0.8: <S> (<do> not|<do>n't) often {Hbase}
    <S>不(经常|常){Hbase}
0.6: <S> never {H}
    <S>(从来不|从不){H}
0.7: <S> used to {Hbase}
    <S>以前(经常|常常|常){Hbase}
2.2: <S> <is> {G}
    <S>{G}(|呢)
1: <S> <is> {G} (now|right now)
    <S>现在{G}(|呢)
0.7: <S> <was> {G} at {time.hour} o'clock last night
    <S>(昨晚|昨天晚上){time.hour}点{G}
1.5: <S> <have> already {X}
    <S>已经{X}
1: <S> <have> just {X}
    <S>(刚刚|刚){X}
1: <S> (<have> not|<have>n't) {Xno} yet
    <S>还(没有|没){Xno}
"""
QUESTIONS = """
3: did <A> {Q} {T}
    <A>{T}{Q}吗
    {T}<A>{Q}吗
1.5: did <A> {Qbare} {T}
    <A>{T}有没有{Qbare}
    {T}<A>有没有{Qbare}
1: <have> <A> {Xasked} yet
    <A>{Xasked}吗
1.4: will <A> {Fasked} {U}
    <A>{U}会{Fasked}吗
    <A>{U}会不会{Fasked}
    {U}<A>会{Fasked}吗
1.2: <do> <A> want to {Fasked} {U}
    <A>{U}想{Fasked}吗
    <A>{U}想不想{Fasked}
1: <do> <A> often {Hbase}
    <A>(经常|常){Hbase}吗
1: <is> <A> {G}
    <A>{G}吗
1.4: when did <A> {W}
    <A>(是|)什么时候{W}的
0.8: when will <A> {Fasked}
    <A>什么时候(|会|打算){Fasked}
0.8: why did <A> {W} {T}
    <A>{T}为什么(要|){W}
    <A>为什么{T}(要|){W}
1.2: why didn't <A> {N} {T}
    <A>{T}为什么(没有|没){N}
    <A>为什么{T}(没有|没){N}
1.6: where did <A> {Y}
    <A>(是|)在(哪里|哪儿){Y}的
"""
ASKED_OF_YOU = """
1.5: could you (please|) {R}
    你(能|可以){R}吗
    你能不能{R}
1.4: shall we {L} {U}
    (我们|咱们){U}{L}(，好吗|怎么样|，好不好)
1: would you like to {L} {U}
    你{U}(想|愿意){L}吗
    你{U}想不想{L}
"""
TOLD_TO_YOU = """
1.5: please {R}
    请{R}
1: (don't|do not) forget to {E} {U}
    {U}(别|不要)(忘了|忘记){E}
2: let's {L} {U}
    (我们|咱们){U}{L}吧
    {U}(我们|咱们){L}吧
"""
EVERY = {
    "near": [("every day", "每天"), ("every evening", "每天晚上"), ("every weekend", "每个周末")],
    "day": [("every day", "每天")],
    "far": [("every year", "每年")],
    "long": [("every year", "每年")],
}

# --- The words they need --------------------------------------------------------------------------

WORDS = """
reading
    2: books | 书
    novels | 小说
    magazines | 杂志
    the newspaper | 报纸
    English books | 英语书,英文书
meal
    breakfast | 早饭,早餐
    lunch | 午饭,午餐
    dinner | 晚饭,晚餐
haunt
    the library | 图书馆
    the park | 公园
    the supermarket | 超市
    the office | 办公室
    the market | 市场
sight
    the museum | 博物馆
    the zoo | 动物园
    the new library | 新图书馆
    the old town | 老城,古城
    the factory | 工厂
chore
    clean the kitchen | 打扫厨房
    wash the dishes | 洗碗
    make dinner | 做晚饭
    wash the clothes | 洗衣服
    clean the house | 打扫屋子,打扫房子
chore.done
    clean the kitchen | 打扫了厨房
    wash the dishes | 洗了碗
    make dinner | 做了晚饭
    wash the clothes | 洗了衣服
    clean the house | 打扫了屋子,打扫了房子
area
    the kitchen | 厨房
    the house | 屋子,房子
    the classroom | 教室
    the office | 办公室
    the living room | 客厅
washing
    the dishes | 碗
    the clothes | 衣服
    the car | 车
ball
    basketball | 篮球
    tennis | 网球
    table tennis | 乒乓球
outing
    swimming | 游泳
    shopping | 购物,买东西
    running | 跑步
    fishing | 钓鱼
    hiking | 爬山
    skiing | 滑雪
transport
    bus | 公交车,公共汽车
    train | 火车
    underground | 地铁
subject
    Chinese | 中文,汉语
    English | 英语,英文
    French | 法语
    maths | 数学
    history | 历史
    music | 音乐
    law | 法律
    physics | 物理
skill
    drive | 开车
    swim | 游泳
    cook | 做饭
    ski | 滑雪
    dance | 跳舞
    play the piano | 弹钢琴
    ride a bicycle | 骑自行车
    speak Chinese | 说中文,说汉语
left
    at home | 家里
    on the bus | 公交车上,公共汽车上
    in the office | 办公室
    at school | 学校
    on the train | 火车上
    in the hotel | 酒店,宾馆
opening.noun
    window | 窗户,窗子
    door | 门
chamber
    kitchen | 厨房
    classroom | 教室
    office | 办公室
    bedroom | 卧室
    living room | 客厅
awaited
    the bus | 公交车,公共汽车
    the train | 火车
    a taxi | 出租车
task
    the work | 工作
    the task | 任务
    the report | 报告
exam
    the exam | 考试
    the interview | 面试
    the English exam | 英语考试
client
    the customers | 客户
    the manager | 经理
    the lawyer | 律师
journey
    train | 火车票
    plane | 机票,飞机票
sound
    music | 音乐
    the radio | 广播,收音机
lost.one
    phone | 手机
    passport | 护照
    wallet | 钱包
    umbrella | 伞,雨伞
    ticket | 票
    bag | 包
lost.two
    keys | 钥匙
    glasses | 眼镜
device.noun
    TV | 电视,电视机
    light | 灯
    computer | 电脑
    radio | 收音机
weather0
    it was raining | 下雨
    it was snowing | 下雪
    it was too cold | 天气太冷
    it was too hot | 天气太热
show.one
    2: TV | 电视
    a film | 一部电影
    the film | 那部电影
    the news | 新闻
    a football match | 一场足球比赛
show.doing
    2: TV | 电视
    a film | 一部电影,电影
    the news | 新闻
    a football match | 一场足球比赛,足球比赛
show.none
    2: TV | 电视
    the film | 那部电影
    the news | 新闻
    the football match | 足球比赛
show.asked
    2: TV | 电视
    the film | 那部电影
    the news | 新闻
    the football match | 足球比赛
show.many
    2: TV | 电视
    films | 电影
    the news | 新闻
    football matches | 足球比赛
opening
    {opening.noun} => {opening.noun}
    2: {opening.noun} of the {chamber} => {chamber}的{opening.noun}
device
    {device.noun} => {device.noun}
    2: {device.noun} in the {chamber} => {chamber}(里|)的{device.noun}
mail
    2: an email => 发(一封|)(邮件|电子邮件)
    1: a letter => (寄|写)(一封|)信
lost
    6: {lost.one} => {lost.one}
    2: {lost.two} => {lost.two}
name
    {name.man} => {name.man}
    {name.woman} => {name.woman}
"""

# --- Assembly -----------------------------------------------------------------------------------


def activity_rules() -> Rules:
    """The activities seen in every way, VIEW.GROUP.PERSON, and the words that they need."""
    return tables(WORDS) | _reasons() | _activities()


def framed(templates: str, factor: float, person: str, rules: Rules) -> list[str]:
    """Sentences about one person from templates with an activity in them.

    factor: by what their weights are multiplied; rules: those of `activity_rules`.
    """
    return [
        rule
        for template in rules_of(templates)
        for rule in _framed(template, factor, person, rules)
    ]


def _framed(template: str, factor: float, person: str, rules: Rules) -> Iterator[str]:
    """A frame for each group of activities that fits it, as often as the group has activities."""
    (view,) = set(re.findall(r"\{([A-Z]\w*)\}", template)) - {"T", "U"}
    sizes = {group: len(rules.get(f"{view}.{group}.{person}", ())) for group in EVERY}
    weight, _, body = template.partition(": ")
    for group, size in sizes.items():
        if not size:
            continue
        body_ = body.replace(f"{{{view}}}", f"{{{view}.{group}.{person}}}")
        times = [("EVERY", "EVERY")] if "EVERY" not in body else EVERY[group]
        for en, zh in times:
            source, _, target = body_.partition(" => ")
            source = source.replace("EVERY", en)
            target = target.replace("EVERY", zh)
            text = f"{source} => {target}"
            for slot, symbol in (("{T}", PAST), ("{U}", FUTURE)):
                text = text.replace(slot, symbol.replace("GROUP", group))
            share = factor * size / sum(sizes.values()) / len(times)
            yield f"{float(weight) * share}: {for_person(text, person)}"


def _reasons() -> Rules:
    """Why something was not done: with the pronoun, and in Chinese without it."""
    rules: Rules = {}
    for person, forms in PERSONS.items():
        he, was, zh = forms["en"], forms["was"], forms["zh"]
        rules[f"why.{person}"] = [
            f"{he} {was} ill => {zh}(病了|生病了)",
            f"{he} {was} too busy => {zh}太忙(了|)",
            f"{he} {was} very tired => {zh}(很累|太累了)",
            f"{he} had no time => {zh}没有时间",
        ]
        rules[f"why0.{person}"] = [
            f"{he} {was} ill => 生病",
            f"{he} {was} too busy => 太忙",
            f"{he} {was} very tired => (很累|太累)",
        ]
    return rules


def _activities() -> Rules:
    """VIEW.GROUP.PERSON: the verb phrases that a frame may hold."""
    rules: Rules = {}
    for group, en, bare, done, frames, *place in rows(ACTIVITIES):
        for view, (member, form, kind, thing) in VIEWS.items():
            weight = sum(frames.count(letter) for letter in member)
            if not weight:
                continue
            for person in PERSONS:
                known = rules.setdefault(f"{view}.{group}.{person}", [])
                for spot, share in _spots(place[0] if place and view != "Y" else ""):
                    phrase = _phrase(en, form, thing, person, spot)
                    chinese = _chinese(bare, done, kind, thing, person, spot)
                    known.append(f"{weight * share}: {phrase} => {chinese}")
    return rules


def _spots(name: str) -> list[tuple[str, float]]:
    """Where it is done, mostly left unsaid."""
    return [(f"{{spot.{name}}}", 0.3), ("", 0.7)] if name else [("", 1.0)]


def _phrase(en: str, form: str, thing: str, person: str, spot: str) -> str:
    """The English verb phrase: 'bought {goods.one} {spot.shop}'."""
    third = PERSONS[person]["third"]
    form = ("third" if third else "base") if form == "present" else form
    text = re.sub(r"\[(\w+)\]", lambda match: verb_forms(match[1])[form], en)
    return for_person(f"{_things(text, thing)} {spot}".strip(), person)


def _chinese(bare: str, done: str, kind: str, thing: str, person: str, spot: str) -> str:
    """The Chinese verb phrase: '在{spot.shop}买了{goods.one}'."""
    plain = [text.replace("~", "") for text in bare.split(" / ")]
    finished = (
        done.split(" / ") if done else [text.replace("~", "了") for text in bare.split(" / ")]
    )
    if kind == "late":
        variants = [text + "了" for text in plain]
    elif kind == "asked":  # both 买了帽子吗 and 买帽子了吗
        late = [text.replace("~", "") + "了" for text in bare.split(" / ") if "~" in text]
        variants = finished + late
    else:
        variants = finished if kind == "done" else plain
    place = f"在{spot}" if spot else ""
    if kind == "going":
        place = f"(正|)在{spot}" if spot else "(正在|在)"
    text = " / ".join(place + variant for variant in variants)
    return for_person(_things(text, thing), person)


def _things(text: str, thing: str) -> str:
    """{goods*} as {goods.one} or what the frame asks for."""
    return re.sub(r"\{(\w+)\*\}", rf"{{\1.{thing}}}", text)
