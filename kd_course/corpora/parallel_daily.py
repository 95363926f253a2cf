"""Everyday sentences of the parallel corpus: what people do, are, have, like, ask and say.

What they do stands in `parallel_activities`, which also says what <S>, <A>, <N> and <want> mean.
"""

from __future__ import annotations

from kd_course.corpora.parallel_activities import (
    ASKED_OF_YOU,
    QUESTIONS,
    STATEMENTS,
    TOLD_TO_YOU,
    activity_rules,
    for_person,
    framed,
)
from kd_course.corpora.parallel_words import ASKED, STATED, Rules, rules_of, tables

# --- What people are, have, like and can do -----------------------------------------------------

ABOUT_PEOPLE = """
2: <S> <is> very {state} today
    <S>今天(很|非常){state}
    今天<S>(很|非常){state}
1: <S> <is> not very {state} today
    <S>今天不太{state}
1.2: <S> <was> very {state} {time.past.near}
    <S>{time.past.near}(很|非常){state}
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
    <N>{time.birth}(出生在|出生于|生于){city}
    <N>{time.birth}在{city}出生
0.8: <N> moved to {city} in {time.year}
    <N>{time.year}搬到了{city}
    {time.year}<N>搬到了{city}
1.4: <N> <have> {owned}
    <N>有{owned}
1.2: <S> (<do> not|<do>n't) have {lacked}
    <S>没有{lacked}
2: <S> <like> {liked}
    <S>(|很)喜欢{liked}
1: <S> (<do> not|<do>n't) like {liked}
    <S>不(|太)喜欢{liked}
1: <S> <like> {liked} very much
    <S>(非常|很)喜欢{liked}
0.8: <S> <like> {drink.mass} more than {juice}
    比起{juice}，<S>更喜欢(喝|){drink.mass}
    跟{juice}相比，<S>更喜欢(喝|){drink.mass}
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
    <S>(回到家|到家)(的时候|时)，{kin.of.<person>}(正在|在){at_home}
1: <S> bought {worn.a} for {price} yuan {time.past.far}
    <S>{time.past.far}花{price}(元|块钱)买了{worn.a}
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
1.5: <S> <is> wearing {worn.on} today
    <S>今天{worn.on}
    今天<S>{worn.on}
0.8: <S> had {illness} {time.past.day}
    <S>{time.past.day}{illness}
1.4: <N> <is> {job.a}
    <N>是{job.a}
0.8: <N> <want> to (be|become) {job.a}
    <N>想(当|做|成为){job.a}
0.6: <N> <is> {age} years old
    <N>(今年|){age}岁(了|)
1: <N> <is> the {superlative} in the {among}
    <N>是{among}{superlative}的
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
    <A>(|一共)买了(几|多少){goods.plural}
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
    {hall}有{n}{crowd}
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
    {worn.this}(|要|卖){price}(元|块钱|块)
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
    {name.man}没有{name.woman}(|那么){tall}
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
1: is there {public.a} near here
    (这附近|附近)有{public.a}吗
    (这附近|附近)有没有{public.a}
1.2: how much is {worn.this}
    {worn.this}多少钱
1: how much does {goods.this} cost
    {goods.this}(|要)多少钱
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
ASKED_OF_ME = """
0.8: where is my {lost.one}
    我的{lost.one}在(哪里|哪儿)
0.8: where are my {lost.two}
    我的{lost.two}在(哪里|哪儿)
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
0.6: please wait for me {spot.meet} {time.future.near}
    请{time.future.near}在{spot.meet}等我
    {time.future.near}请在{spot.meet}等我
"""

# --- The words they need --------------------------------------------------------------------------

WORDS = """
among
    family | 家里
    class | 班里,班上
    office | 办公室里
surface.under
    table | 桌子
    bed | 床
    chair | 椅子
    car | 车
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
    tallest | 最高
    youngest | 最年轻,年纪最小
    oldest | 年纪最大
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
weather
    cold | 冷
    hot | 热
    warm | 暖和
    cool | 凉快
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
job.a
    a {job} => (一名|){job}
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

# --- Assembly -----------------------------------------------------------------------------------


def daily_rules() -> Rules:
    """The rules of everyday sentences; `daily.tells` and `daily.asks` are the topmost."""
    rules: Rules = activity_rules() | tables(WORDS)
    rules["public.plain"] = [rule for rule in rules["public"] if not rule.startswith("airport")]
    rules["heard"] = [
        f"{{who.{who}}} {{P.far.{who}}} {{time.past.far}} => "
        f"{{who.{who}}}{{time.past.far}}{{P.far.{who}}} / {{time.past.far}}{{who.{who}}}{{P.far.{who}}}"
        for who in ("he", "she", "they")
    ]
    tells = _scaled(MATTERS, 1.2) + _scaled(OF_ME, 1.5)
    asks = _scaled(ASKED_OF_MATTERS, 1.3) + _scaled(ASKED_OF_ME, 1.3)
    for person, share in STATED.items():
        share /= sum(STATED.values())
        tells += _scaled(ABOUT_PEOPLE, 1.6 * share, person)
        tells += framed(STATEMENTS, 4 * share, person, rules)
    for person in ("i", "he", "she"):
        tells += _scaled(ONE_PERSON, 1.6 / 3, person)
    rules["daily.reported"] = _scaled(MATTERS, 1) + [
        rule for person in ("he", "she", "they") for rule in _scaled(ABOUT_PEOPLE, 0.5, person)
    ]
    for person, share in ASKED.items():
        share /= sum(ASKED.values())
        asks += _scaled(ASKED_OF_PEOPLE, 1.6 * share, person)
        asks += framed(QUESTIONS, 4 * share, person, rules)
    tells += framed(TOLD_TO_YOU, 1.6, "you", rules)
    asks += framed(ASKED_OF_YOU, 1.6, "you", rules)
    return rules | {
        "daily.told": tells,
        "daily.asked": asks,
        "daily.polite": _scaled(ASKED_OF_MATTERS, 1),
        "daily.tells": [
            "12: {daily.told} => {daily.told}",
            "1: {speaker} says (that|*0.5) {daily.reported} => {speaker}说{daily.reported}",
        ],
        "daily.asks": [
            "8: {daily.asked} => {daily.asked}",
            "1: excuse me , {daily.polite} => (请问|请问，|你好，请问){daily.polite}",
        ],
    }


def _scaled(templates: str, factor: float, person: str = "i") -> list[str]:
    """Rules for one person, their weights multiplied by a factor."""
    scaled = []
    for template in rules_of(templates):
        weight, _, body = template.partition(": ")
        scaled.append(f"{float(weight) * factor}: {for_person(body, person)}")
    return scaled
