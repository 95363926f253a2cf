"""Everyday sentences of the parallel corpus: what people do, are, have, like, ask and say.

Most sentences are an *activity* in a *frame*. The table ACTIVITIES says each activity once, in both
languages; FRAMES puts it into the past, the future, a denial, a habit, a question... A sentence is
written for every person, so that verbs and possessives agree:

    <S> who it is about     <A> who is asked about     <N> someone with a name     <he> the pronoun
    <is> <was> <has> <do> <want>   the verb in the person's form        <his> <kin> <whom>
    <他> the pronoun        <他的> the possessive, which Chinese may leave out
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kd_course.corpora.parallel_words import ASKED, PERSONS, STATED, Rules, rows, rules_of, tables

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
        "他": forms["zh"], "他的": f"({forms['zh']}的|*2)", "person": person,
    }  # fmt: skip

    def form(match: re.Match) -> str:
        name = match[1]
        return known[name] if name in known else verb_forms(name)["third" if third else "base"]

    return re.sub(r"<(\w+)>", form, text)


# --- Activities ---------------------------------------------------------------------------------
# time | English, [verb] | Chinese, ~ where 了 may stand | Chinese for what is done | frames | where
#
# {goods*} takes the form that the frame asks for: a hat, two hats, any hats.
# time: near (to the hour or day), day (whole days), far (weeks and years too).
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
day  | [have] {meal}              | 吃~{meal}               | | PNFXGQY | eat
day  | [have] {meal} {spot.eat}   | 在{spot.eat}吃{meal}    | | HH |
day  | [have] {meal} together       | 一起吃{meal}            | | LLLF |
day  | [make] {meal}              | 做~{meal}               | | PNBFXHGQM | home
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
far  | [learn] to {skill}         | 学{skill}               | 学会了{skill} | PFFGQ |
near | [lose] <his> {lost}        | 丢<他的>{lost}          | (丢了|弄丢了)<他的>{lost} / 把<他的>{lost}弄丢了 | PPQY |
near | [find] <his> {lost}        | 找到<他的>{lost}        | 找到了<他的>{lost} | PNXQY |
near | [leave] <his> {lost} {left} | | 把<他的>{lost}(忘|落)在{left}了 | P |
near | [look] for <his> {lost}    | 找<他的>{lost}          | | GG |
near | [open] the {opening}       | 打开~{opening}          | | PREE |
near | [close] the {opening}      | 关上~{opening}          | | PNREEM |
near | [turn] off the {device}    | (关掉|关上)~{device}    | | PNREEM |
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
far  | [book] a hotel room in {city} | 在{city}(订|预订)(一个|)酒店房间 | 在{city}(订|预订)了(一个|)酒店房间 | PFXM |
near | [take] photos              | (拍照|照相)             | 拍了(一些|几张)照片 | PFG | sport
near | [take] a walk              | 散步                    | 散了步 | PNOFGHLL | walk
far  | [move] to {city}           | 搬到{city}              | 搬到了{city} / 搬到{city}去了 | PFFXW |
day  | [go] to work by {transport} | (坐|乘){transport}(去|)上班 | (坐|乘){transport}(去|)上班 | HHPF |
day  | [walk] to school           | 走路(去|)上学           | 走路(去|)上学 | HPF |
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
    <S>{T}{P} *2
    {T}<S>{P}
1.5: {T} , <S> {P}
    {T}<S>{P} *2
    <S>{T}{P}
0.5: <S> {P}
    <S>{P}
2.6: <S> (did not|didn't) {N} {T}
    <S>{T}(没有|没){N} *2
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
    <S>{U}(会|要){F} *2
    {U}<S>(会|要){F}
1: {U} , <S> will {F}
    {U}<S>(会|要){F} *2
    <S>{U}(会|要){F}
1.2: <S> <is> going to {F} {U}
    <S>{U}(要|打算|准备){F} *2
    {U}<S>(要|打算|准备){F}
1.2: <S> <want> to {F} {U}
    <S>{U}(想|想要){F} *2
    {U}<S>(想|想要){F}
1: <S> <plan> to {F} {U}
    <S>(打算|计划){U}{F}
    <S>{U}(打算|计划){F}
0.6: <S> <hope> to {F} {U}
    <S>希望{U}(能|可以){F}
1: <S> (will not|won't) {Fno} {U}
    <S>{U}不会{Fno} *2
    {U}<S>不会{Fno}
1: <S> (<do> not|<do>n't) want to {Fno} {U}
    <S>{U}不(想|打算){Fno}
0.6: if <S> <have> time {U} , <he> will {F}
    (如果|要是)<S>{U}有(时间|空)，(<他>|)(会|就会|就){F}
0.8: <S> <want> to {B} , but <he> (<do> not|<do>n't) have enough time
    <S>想{B}，(但是|但|不过|可是)(<他>|)没有(足够的|)时间
    <S>想{B}，(但是|但|不过|可是)(<他>|)时间不够
1.4: <S> (must|<have> to) {M} {U}
    <S>{U}(必须|得|要){M} *2
    {U}<S>(必须|得|要){M}
1: <S> should {M} {U}
    <S>{U}(应该|该){M}
1.2: <S> forgot to {E} {T}
    <S>{T}(忘了|忘记){E} *2
    {T}<S>(忘了|忘记){E}
2: <S> {H} EVERY
    <S>EVERY(都|){H} *2
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
    <S>{G}(呢|*2)
1: <S> <is> {G} (now|right now)
    <S>现在{G}(呢|*2)
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
    <A>{T}{Q}吗 *2
    {T}<A>{Q}吗
1.5: did <A> {Qbare} {T}
    <A>{T}有没有{Qbare} *2
    {T}<A>有没有{Qbare}
1: <have> <A> {Xasked} yet
    <A>{Xasked}吗
1.4: will <A> {Fasked} {U}
    <A>{U}会{Fasked}吗 *2
    <A>{U}会不会{Fasked}
    {U}<A>会{Fasked}吗
1.2: <do> <A> want to {Fasked} {U}
    <A>{U}想{Fasked}吗 *2
    <A>{U}想不想{Fasked}
1: <do> <A> often {Hbase}
    <A>(经常|常){Hbase}吗
1: <is> <A> {G}
    <A>{G}吗
1.4: when did <A> {W}
    <A>(是|)什么时候{W}的
0.8: when will <A> {Fasked}
    <A>什么时候(*3|会|打算){Fasked}
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
    (我们|咱们){U}{L}吧 *2
    {U}(我们|咱们){L}吧
"""
EVERY = {
    "near": [("every day", "每天"), ("every evening", "每天晚上"), ("every weekend", "每个周末")],
    "day": [("every day", "每天")],
    "far": [("every year", "每年")],
}

SMALL_WORDS = """
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
among
    family | 家里
    class | 班里,班上
    office | 办公室里
surface.under
    table | 桌子
    bed | 床
    chair | 椅子
    car | 车
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
state
    tired | 累
    busy | 忙
    happy | 高兴,开心
    nervous | 紧张
    worried | 担心
    angry | 生气
state.or_not
    tired | 累不累
    busy | 忙不忙
illness
    a cold | 感冒了
    a fever | 发烧了
    a headache | 头疼,头痛
    a toothache | 牙疼,牙痛
workplace
    hospital | 医院
    bank | 银行
    factory | 工厂
    hotel | 酒店,宾馆
    post office | 邮局
    library | 图书馆
lacked
    a car | 车,汽车
    a dog | 狗
    any money | 钱
    any time | 时间
    a computer | 电脑
    an umbrella | 伞,雨伞
    enough time | 足够的时间
    enough money | 足够的钱
wished
    a car | 车,汽车
    a dog | 狗
    any money | 钱
    time | 时间,空
    a passport | 护照
    a computer | 电脑
    enough time | 足够的时间
    an umbrella | 伞,雨伞
shade
    red | 红色,红
    white | 白色,白
    black | 黑色,黑
    blue | 蓝色,蓝
hot.drink
    coffee | 咖啡
    tea | 茶
cold.drink
    milk | 牛奶
    orange juice | 橙汁
    apple juice | 苹果汁
    beer | 啤酒
    wine | 葡萄酒
game
    playing football | 踢足球
    playing basketball | 打篮球
    playing tennis | 打网球
    playing table tennis | 打乒乓球
    playing computer games | 玩电脑游戏
pastime
    swimming | 游泳
    dancing | 跳舞
    reading novels | 看小说
    listening to music | 听音乐
    hiking | 爬山
    fishing | 钓鱼
    playing chess | 下棋,下象棋
juice
    orange juice | 橙汁
    apple juice | 苹果汁
tongue
    2: Chinese | 中文,汉语
    2: English | 英语,英文
    French | 法语
job
    doctor | 医生,大夫
    nurse | 护士
    teacher | 老师,教师
    driver | 司机
    lawyer | 律师
    cook | 厨师
    manager | 经理
age
    twenty | 二十,20
    thirty | 三十,30
    fifty | 五十,50
superlative
    tallest | 高
    youngest | 小,年轻
    oldest | 大
did_what
    buy | 买了
    eat | 吃了
    say | 说了
    see | 看到了,看见了
    write | 写了
    drink | 喝了
do_what
    buy | 买
    eat | 吃
    drink | 喝
    read | 看
doing_what
    reading | 看
    writing | 写
    eating | 吃
    looking for | 找
    doing | 做,干
    drinking | 喝
met
    meet | 见了谁,和谁见了面,见到了谁
    call | 给谁打了电话
    help | 帮了谁,帮助了谁
    visit | 看望了谁,去看了谁
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
surface
    2: table | 桌子上,桌上
    desk | 书桌上
    bed | 床上
    chair | 椅子上
hall
    classroom | 教室里
    park | 公园里
    library | 图书馆里
    museum | 博物馆里
    station | 车站里,火车站里
    restaurant | 餐厅里,饭馆里
    office | 办公室里
crowd
    students | 个学生,名学生
    children | 个孩子
    visitors | 个游客,名游客
    people | 个人
building
    bank | 家银行
    supermarket | 家超市
    restaurant | 家餐厅,家饭馆
    hotel | 家酒店,家宾馆
    bookshop | 家书店
    cinema | 家电影院
    hospital | 家医院
    school | 所学校
    park | 个公园,座公园
landmark
    station | 车站,火车站
    airport | 机场
    zoo | 动物园
    museum | 博物馆
    factory | 工厂
    post office | 邮局
public
    station | 车站,火车站
    hospital | 医院
    bank | 银行
    post office | 邮局
    airport | 机场
    supermarket | 超市
    museum | 博物馆
    hotel | 酒店,宾馆
    library | 图书馆
    cinema | 电影院
owner
    my | 我的
    your | 你的
    his | 他的
    her | 她的
    our | 我们的
    their | 他们的
owner.asked
    2: your | 你的
    his | 他的
    her | 她的
    their | 他们的
fit
    small | 小
    big | 大
    expensive | 贵
compared
    cheaper | 便宜
    more expensive | 贵
    more beautiful | 漂亮,好看
    bigger | 大
price
    fifty | 五十,50
    one hundred | 一百,100
    two hundred | 两百,二百,200
    three hundred | 三百,300
    five hundred | 五百,500
readable
    interesting | 有趣,有意思
    boring | 无聊
    long | 长
    short | 短
ride
    train | 火车
    bus | 长途汽车,大巴
ride.local
    bus | 公交车,公共汽车
    taxi | 出租车
    underground | 地铁
open_place
    library | 图书馆
    museum | 博物馆
    supermarket | 超市
    bank | 银行
    zoo | 动物园
    post office | 邮局
    bookshop | 书店
taller
    taller | 高
    older | 大,年纪大
    younger | 小,年轻
    busier | 忙
    cleverer | 聪明
tall
    tall | 高
    busy | 忙
    clever | 聪明
stranger
    man | 个男人,位先生
    woman | 个女人,位女士
at_home
    watching TV | 看电视
    making dinner | 做晚饭
    sleeping | 睡觉
    reading a book | 看书
    cleaning the kitchen | 打扫厨房
    listening to music | 听音乐
    drinking tea | 喝茶
    washing the dishes | 洗碗
consume
    eat | 吃
    drink | 喝
device.noun
    TV | 电视,电视机
    light | 灯
    computer | 电脑
    radio | 收音机
weather
    cold | 冷
    hot | 热
    warm | 暖和
    cool | 凉快
weather0
    it was raining | 下雨
    it was snowing | 下雪
    it was too cold | 天气太冷
    it was too hot | 天气太热
fall
    2: rain | 雨
    snow | 雪
falls
    2: rains | 雨
    snows | 雪
reach
    reach | 达到,升到
    rise to | 升到,上升到
    fall to | 降到,下降到
degrees
    five | 五,5
    ten | 十,10
    fifteen | 十五,15
    twenty | 二十,20
    thirty | 三十,30
time.sky
    3: tomorrow | 明天
    tomorrow morning | 明天早上,明天上午
    tomorrow afternoon | 明天下午
    tonight | 今晚,今天晚上
    this weekend | 这个周末,本周末
time.sky.past
    3: yesterday | 昨天
    last night | 昨晚,昨天晚上
    last weekend | 上周末,上个周末
    yesterday afternoon | 昨天下午
    last week | 上周,上个星期
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
owned
    3: {pet.a} => {pet.a}
    2: {few} cats => {few}只猫
    2: {few} dogs => {few}(只|条)狗
    2: {few} children => {few}个孩子
    a big house => 一(座|栋|套)大房子
    a good job => 一份好工作
    many friends => (很多|许多)朋友
    many books => (很多|许多)书
worn.on
    {adj.colour} shirt => 穿着一件{adj.colour}(衬衫|衬衣)
    {adj.colour} coat => 穿着一件{adj.colour}(大衣|外套)
    {adj.colour} hat => 戴着一顶{adj.colour}帽子
    a new coat => 穿着一件新(大衣|外套)
    a new watch => 戴着一块新手表
wearing
    the {shade} coat => 穿{shade}(大衣|外套)
    the {shade} shirt => 穿{shade}(衬衫|衬衣)
    the {shade} hat => 戴{shade}帽子
opening
    {opening.noun} => {opening.noun}
    2: {opening.noun} of the {chamber} => {chamber}的{opening.noun}
device
    {device.noun} => {device.noun}
    2: {device.noun} in the {chamber} => {chamber}(里|)的{device.noun}
liked
    2: {food.mass} => (吃|){food.mass}
    2: {drink.mass} => (喝|){drink.mass}
    reading novels => 看小说
    listening to music => 听音乐
    playing football => 踢足球
    playing {ball} => 打{ball}
    swimming => 游泳
    cooking => 做饭
    dancing => 跳舞
    travelling => (旅行|旅游)
    cats => 猫
    dogs => 狗
mail
    2: an email => 发(一封|)(邮件|电子邮件)
    1: a letter => (寄|写)(一封|)信
job.a
    a {job} => (一名|){job}
lost
    6: {lost.one} => {lost.one}
    2: {lost.two} => {lost.two}
where
    3: on the {surface} => {surface}
    in the car => 车(里|上)
    in the office => 办公室
    in the bag => 包里
    at home => (家里|家)
owner.of
    4: {owner} => {owner}
    {name.man}'s => {name.man}的
    {name.woman}'s => {name.woman}的
public.a
    9: a {public.plain} => {public.plain}
    an airport => 机场
late
    the train from {city} => 从{city}来的火车
    the plane from {far} => 从{far}来的(飞机|航班)
    the train => 火车
fact
    where {name} lives => {name}住在(哪里|哪儿)
    where the {public} is => {public}在(哪里|哪儿)
    when the train leaves => 火车(什么时候|几点)(开|出发)
    when the {open_place} opens => {open_place}(什么时候|几点)开门
    how much {worn.this} costs => {worn.this}多少钱
    who that {stranger} is => 那{stranger}是谁
    what {name} bought => {name}买了什么
speaker
    3: {name.third} => {name.third}
    2: my {friend} => 我(的|){friend}
name
    {name.man} => {name.man}
    {name.woman} => {name.woman}
opinion
    {worn.this} is too {fit} => {worn.this}太{fit}了
    {text.this} is very {readable} => {text.this}(很|非常){readable}
    it will {fall} {time.sky} => {time.sky}(会|要)下{fall}
    {subject} is very difficult => {subject}(很|非常)难
    {subject} is very interesting => {subject}(很|非常)(有趣|有意思)
    {subject} is very important => {subject}(很|非常)重要
    {name} will come {time.sky} => {name}{time.sky}会来
    you should see a doctor => 你应该(看医生|去看病|去看医生)
    {worn.this} is {compared} than {worn.that} => {worn.this}比{worn.that}{compared}
heard
stay_in
    we will stay at home => (我们|咱们)就待在家里
    we will watch a film at home => (我们|咱们)就在家(里|)看电影
    I will take a taxi to the station => 我就坐出租车去(车站|火车站)
    I will read a book at home => 我就在家(里|)看书
    the children will play chess at home => 孩子们就在家(里|)下棋
    the match will be cancelled => 比赛(就会|将会|会)取消
go_out
    we will go to the park => (我们|咱们)就去公园
    we will go hiking => (我们|咱们)就去爬山
    we will play football => (我们|咱们)就去踢足球
    I will take the children to the zoo => 我就带孩子(们|)去动物园
    I will go fishing => 我就去钓鱼
    they will have lunch in the garden => 他们就在花园里吃(午饭|午餐)
"""

# --- What people are, have, like and can do -----------------------------------------------------

ABOUT_PEOPLE = """
2: <S> <is> very {state} today
    <S>今天(很|非常){state}
    今天<S>(很|非常){state}
1: <S> <is> not very {state} today
    <S>今天不太{state}
1.2: <S> <was> very {state} {time.past.near}
    <S>{time.past.near}(很|非常){state} *2
    {time.past.near}<S>(很|非常){state}
1: <S> <feel> much better today
    <S>今天(感觉|觉得)好多了
    今天<S>(感觉|觉得)好多了
0.8: <S> <live> in {city}
    <S>住在{city}
0.8: <S> <have> lived in {city} for {n} years
    <S>(已经|)在{city}住了{n}年了
0.8: <N> <have> worked in the {workplace} for {n} years
    <N>(已经|)在{workplace}工作了{n}年了
0.8: <N> <was> born in {city} in {time.birth}
    <N>{time.birth}(出生在|出生于|生于){city} *2
    <N>{time.birth}在{city}出生
0.8: <N> moved to {city} in {time.year}
    <N>{time.year}搬到了{city}
    {time.year}<N>搬到了{city}
1.4: <N> <have> {owned}
    <N>有{owned}
1.2: <S> (<do> not|<do>n't) have {lacked}
    <S>没有{lacked}
1: <S> <is> wearing {worn.on} today
    <S>今天{worn.on}
    今天<S>{worn.on}
2: <S> <like> {liked}
    <S>(很|)喜欢{liked}
1: <S> (<do> not|<do>n't) like {liked}
    <S>不(太|*2)喜欢{liked}
1: <S> <like> {liked} very much
    <S>(非常|很)喜欢{liked}
0.8: <S> <like> {drink.mass} more than {juice}
    比起{juice}，<S>更喜欢(喝|){drink.mass}
    <S>喜欢(喝|){drink.mass}，不太喜欢(喝|){juice}
1.2: <S> can {skill}
    <S>会{skill}
0.8: <S> (cannot|can't) {skill}
    <S>不会{skill}
1: <S> <speak> {tongue} very well
    <S>{tongue}说得(很|非常)(好|流利)
    <S>(能|会)说一口流利的{tongue}
0.6: <S> <cook> very well
    <S>(做饭|做菜)做得(很|非常)好
1: <S> <have> been to {far}
    <S>去过{far}
1.5: <S> <think> (that|) {opinion}
    <S>(觉得|认为){opinion}
1: when <S> came home , {kin.of.<person>} was {at_home}
    <S>(回家|到家)(的时候|时)，{kin.of.<person>}(正在|在){at_home}
1: <S> bought {worn.a} for {price} yuan {time.past.far}
    <S>{time.past.far}花{price}(元|块钱)买了{worn.a} *2
    {time.past.far}<S>花{price}(元|块钱)买了{worn.a}
0.8: <S> <have> been to {far} {n} times
    <S>去过{far}{n}次
    <S>去过{n}次{far}
1: <S> <have> never been to {far}
    <S>(从来没|从没|从来没有|没有)去过{far}
"""
ONE_PERSON = """
1.2: <S> <have> {illness}
    <S>{illness}
0.8: <S> had {illness} {time.past.day}
    <S>{time.past.day}{illness}
1.4: <N> <is> {job.a}
    <N>是{job.a}
0.8: <N> <want> to (be|become) {job.a}
    <N>想(当|做|成为){job.a}
0.6: <N> <is> {age} years old
    <N>(今年|){age}岁(了|)
1: <N> <is> the {superlative} in the {among}
    <N>是{among}最{superlative}的
"""
ASKED_OF_PEOPLE = """
1: <is> <A> {state}
    <A>{state}吗
0.7: <is> <A> {state.or_not}
    <A>{state.or_not}
1: <do> <A> like {liked}
    <A>喜欢{liked}吗
    <A>喜不喜欢{liked}
1: <do> <A> have {wished}
    <A>有{wished}吗
    <A>有没有{wished}
0.8: can <A> {skill}
    <A>会{skill}吗
    <A>会不会{skill}
1: <have> <A> ever been to {far}
    <A>(以前|)去过{far}吗
    <A>有没有去过{far}
0.7: where <do> <A> work
    <A>在(哪里|哪儿)(工作|上班)
0.7: where <do> <A> live
    <A>住在(哪里|哪儿)
0.5: where <do> <A> study
    <A>在(哪里|哪儿)(学习|上学)
0.7: where <is> <A> now
    <A>现在在(哪里|哪儿)
1: where did <A> go {time.past.near}
    <A>{time.past.near}去了(哪里|哪儿)
    <A>{time.past.near}去(哪里|哪儿)了
    {time.past.near}<A>去(哪里|哪儿)了
1: what did <A> {did_what} {time.past.near}
    <A>{time.past.near}{did_what}什么
    {time.past.near}<A>{did_what}什么
0.8: what <do> <A> want to {do_what}
    <A>想{do_what}(什么|点儿什么)
0.8: what will <A> do {time.future.near}
    <A>{time.future.near}(会|要|打算)(做|干)什么
0.8: what <is> <A> {doing_what}
    <A>(在|正在){doing_what}什么(呢|)
0.8: who did <A> {met} {time.past.near}
    <A>{time.past.near}{met}
0.8: how did <A> get to {local}
    <A>是怎么(去|到){local}的
0.8: how many {goods.plural} did <A> buy
    <A>(一共|*2)买了(几|多少){goods.plural}
0.7: how many {goods.plural} <do> <A> have
    <A>有(几|多少){goods.plural}
0.6: <do> <A> know {fact}
    <A>知道{fact}吗
    <A>知不知道{fact}
"""

# --- Things, places, weather, trains ------------------------------------------------------------

MATTERS = """
1: it rained in {city} {time.sky.past}
    {city}{time.sky.past}(下雨了|下了雨)
    {time.sky.past}{city}(下雨了|下了雨)
0.8: it snowed in {city} {time.sky.past}
    {city}{time.sky.past}(下雪了|下了雪)
    {time.sky.past}{city}(下雪了|下了雪)
1.2: it will {fall} in {city} {time.sky}
    {city}{time.sky}(会|要|将)下{fall}
    {time.sky}{city}(会|要|将)下{fall}
0.7: it is raining in {city} now
    {city}现在(正在|在)下雨
1: it is very {weather} in {city} today
    {city}今天(很|非常){weather}
    今天{city}(很|非常){weather}
1: it was very {weather} in {city} {time.sky.past}
    {city}{time.sky.past}(很|非常){weather}
    {time.sky.past}{city}(很|非常){weather}
1: the temperature in {city} will {reach} {degrees} degrees {time.sky}
    {city}{time.sky}(的|)气温(会|将){reach}{degrees}度
    {time.sky}{city}(的|)气温(会|将){reach}{degrees}度
1: if it {falls} {time.sky} , {stay_in}
    (如果|要是){time.sky}下{falls}，{stay_in}
    {time.sky}(如果|要是)下{falls}，{stay_in}
1: if the weather is good {time.sky} , {go_out}
    (如果|要是){time.sky}(天气好|天气不错)，{go_out}
    {time.sky}(如果|要是)天气好，{go_out}
1.5: there is {on_table.a} on the {surface}
    {surface}有{on_table.a}
1.2: there are {on_table.count} on the {surface}
    {surface}有{on_table.count}
1: there are {n} {crowd} in the {hall}
    {hall}有{n}(个|名){crowd}
0.7: there are many people in the {hall}
    {hall}有(很多|许多)人
    {hall}人很多
1: there is a {building} near the {landmark}
    {landmark}附近有一{building}
1.2: {owner} {lost.one} is {where}
    {owner}{lost.one}在{where}
0.8: {owner} {lost.two} are {where}
    {owner}{lost.two}在{where}
1.2: {worn.this} is too {fit}
    {worn.this}太{fit}了
1.2: {worn.this} is {compared} than {worn.that}
    {worn.this}比{worn.that}{compared}
1: {worn.this} costs {price} yuan
    {worn.this}(要|卖|*2){price}(元|块钱|块)
1: {text.this} is very {readable}
    {text.this}(很|非常){readable}
0.7: the {on_table.there} on the {surface} is mine
    {surface}的{on_table.there}是我的
1.2: the train from {start.east} to {end.east} leaves at {time.hour} o'clock
    从{start.east}(开往|到){end.east}的火车{time.hour}点(开|出发|发车)
1.2: the train from {start.west} to {end.west} leaves at {time.hour} o'clock
    从{start.west}(开往|到){end.west}的火车{time.hour}点(开|出发|发车)
0.8: the plane to {far} leaves at {time.hour} o'clock
    (去|飞往){far}的飞机{time.hour}点起飞
1: it takes {n} hours to get from {start.east} to {end.east} by {ride}
    从{start.east}坐{ride}(去|到){end.east}(要|需要){n}个小时
    坐{ride}从{start.east}(去|到){end.east}(要|需要){n}个小时
1: it takes {n} hours to get from {start.west} to {end.west} by {ride}
    从{start.west}坐{ride}(去|到){end.west}(要|需要){n}个小时
    坐{ride}从{start.west}(去|到){end.west}(要|需要){n}个小时
0.8: {late} was {n} hours late
    {late}(晚点了|晚了){n}个小时
1: the {open_place} opens at {time.hour} o'clock in the morning
    {open_place}(早上|上午){time.hour}点开门
0.8: the {open_place} closes at {time.hour} o'clock in the evening
    {open_place}晚上{time.hour}点关门
1: {name.man} is {taller} than {name.woman}
    {name.man}比{name.woman}{taller}
1: {name.woman} is {taller} than {name.man}
    {name.woman}比{name.man}{taller}
0.7: {name.woman} is as {tall} as {name.man}
    {name.woman}(和|跟){name.man}一样{tall}
0.7: {name.man} is not as {tall} as {name.woman}
    {name.man}没有{name.woman}(那么|*2){tall}
0.6: {name.man} runs faster than {name.woman}
    {name.man}跑得比{name.woman}快
    {name.man}比{name.woman}跑得快
0.8: {name.man} is {name.woman}'s {kin.man}
    {name.man}是{name.woman}的{kin.man}
0.8: {name.woman} is {name.man}'s {kin.woman}
    {name.woman}是{name.man}的{kin.woman}
1: {who.he} likes {hot.drink} , but {who.she} prefers {cold.drink}
    {who.he}(喜欢|爱)喝{hot.drink}，(但是|但|不过|可是){who.she}更(喜欢|爱)喝{cold.drink}
1: {who.she} likes {game} , but {who.he} likes {pastime}
    {who.she}喜欢{game}，(但是|但|不过|可是|而){who.he}喜欢{pastime}
1: my friends like {game} , but I like {pastime} more
    我的朋友(们|)喜欢{game}，(但是|但|不过|可是)我更喜欢{pastime}
0.8: there is {pet.a} under the {surface.under}
    {surface.under}(下面|底下)有{pet.a}
0.8: {owner.of} {pet.noun} is in the {chamber}
    {owner.of}{pet.noun}在{chamber}(里|)
1: the man in {wearing} is {owner.of} {kin.man}
    (那个|){wearing}的男人是{owner.of}{kin.man}
    {wearing}的那个男人是{owner.of}{kin.man}
1: the woman in {wearing} is {owner.of} {kin.woman}
    (那个|){wearing}的女人是{owner.of}{kin.woman}
    {wearing}的那个女人是{owner.of}{kin.woman}
"""
ASKED_OF_MATTERS = """
1: how is the weather in {city} today
    {city}今天(的|)天气怎么样
    今天{city}(的|)天气怎么样
0.8: will it {fall} {time.sky}
    {time.sky}会下{fall}吗
    {time.sky}会不会下{fall}
1: how can I get to the {public}
    (去|到){public}怎么走
    我怎么(去|到){public}
1: where is the nearest {public}
    最近的{public}在(哪里|哪儿)
0.8: where is my {lost.one}
    我的{lost.one}在(哪里|哪儿)
0.8: where are my {lost.two}
    我的{lost.two}在(哪里|哪儿)
1: is there {public.a} near here
    (这附近|附近)有{public.a}吗
    (这附近|附近)有没有{public.a}
1.2: how much is {worn.this}
    {worn.this}多少钱
1: how much does {goods.this} cost
    {goods.this}(要|*2)多少钱
0.8: is this {owner.asked} {own.noun}
    这是{owner.asked}{own.noun}吗
    这是不是{owner.asked}{own.noun}
0.8: who is that {stranger}
    那{stranger}是谁
0.8: what time does the {open_place} open
    {open_place}(几点|什么时候)开门
1: what time does the train to {city} leave {time.sky}
    {time.sky}(去|开往){city}的火车几点(开|出发|发车)
0.8: how long does it take to get to the {public} by {ride.local}
    坐{ride.local}(去|到){public}(要|需要)(多长时间|多久)
0.8: what would you like to {consume}
    你想{consume}(点儿|)什么
    您想{consume}(点儿|)什么
0.8: could you give me {drink.one}
    你(能|可以)给我{drink.one}吗
0.6: would you like {drink.a}
    你想(要|喝){drink.a}吗
    要不要(来|喝){drink.a}
0.8: how many people are there in the {hall}
    {hall}有多少人
0.7: how many {on_table.plural} are there on the {surface}
    {surface}有(几|多少){on_table.plural}
"""
OF_ME = """
1: I (don't|do not) know {fact}
    我不知道{fact}
1: I hear (that|) {heard}
    (我听说|听说){heard}
0.7: that is {owner.of} {own.noun}
    那是{owner.of}{own.noun}
0.8: please give me {drink.a}
    请给我{drink.a}
0.6: please wait here for me
    请在这(里|儿)等我
"""


# --- Assembly -----------------------------------------------------------------------------------


def daily_rules() -> Rules:
    """The rules of everyday sentences; `daily.tells` and `daily.asks` are the topmost."""
    rules: Rules = tables(SMALL_WORDS)
    rules["public.plain"] = [rule for rule in rules["public"] if not rule.startswith("airport")]
    rules["heard"] = [
        f"{{who.{who}}} {{P.far.{who}}} {{time.past.far}} => "
        f"{{who.{who}}}{{time.past.far}}{{P.far.{who}}} / {{time.past.far}}{{who.{who}}}{{P.far.{who}}}"
        for who in ("he", "she", "they")
    ]
    rules |= _reasons() | _activities()
    tells = _scaled(MATTERS, 1.2) + _scaled(OF_ME, 1.5)
    asks = _scaled(ASKED_OF_MATTERS, 1.3)
    for person, share in STATED.items():
        share /= sum(STATED.values())
        tells += _scaled(ABOUT_PEOPLE, 1.6 * share, person) + [
            rule
            for template in rules_of(STATEMENTS)
            for rule in _framed(template, 4 * share, person, rules)
        ]
    for person in ("i", "he", "she"):
        tells += _scaled(ONE_PERSON, 1.6 / 3, person)
    rules["daily.reported"] = _scaled(MATTERS, 1) + [
        rule for person in ("he", "she", "they") for rule in _scaled(ABOUT_PEOPLE, 0.5, person)
    ]
    for person, share in ASKED.items():
        share /= sum(ASKED.values())
        asks += _scaled(ASKED_OF_PEOPLE, 1.6 * share, person) + [
            rule
            for template in rules_of(QUESTIONS)
            for rule in _framed(template, 4 * share, person, rules)
        ]
    for target, templates in ((tells, TOLD_TO_YOU), (asks, ASKED_OF_YOU)):
        for template in rules_of(templates):
            target += _framed(template, 1.6, "you", rules)
    return rules | {
        "daily.told": tells,
        "daily.asked": asks,
        "daily.polite": _scaled(ASKED_OF_MATTERS, 1),
        "daily.tells": [
            "12: {daily.told} => {daily.told}",
            "1: {speaker} says (that*2|) {daily.reported} => {speaker}说{daily.reported}",
        ],
        "daily.asks": [
            "8: {daily.asked} => {daily.asked}",
            "1: excuse me , {daily.polite} => (请问|请问，|你好，请问){daily.polite}",
        ],
    }


def _scaled(templates: str, factor: float, person: str = "i") -> list[str]:
    scaled = []
    for template in rules_of(templates):
        weight, _, body = template.partition(": ")
        scaled.append(f"{float(weight) * factor}: {for_person(body, person)}")
    return scaled


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
