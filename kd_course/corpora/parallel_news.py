"""News sentences of the parallel corpus: companies, central banks, politics, storms and sport.

What makes them hard is figures. English counts in thousands and Chinese in ten thousands: 3.5
million is 350万, 1.2 billion is 12亿. Companies are invented; what the sentences report never
happened.
"""

from __future__ import annotations

from kd_course.corpora.parallel_words import COUNTRIES, Rules, pairs, rules_of, tables

# --- Figures ------------------------------------------------------------------------------------

DIGITS = "零一二三四五六七八九"
PERCENTAGES = (0.5, 1.5, 2, 2.5, 3, 4, 4.5, 5, 6, 7.5, 8, 10, 12, 15, 20, 25, 30, 40)
MILLIONS = (1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 80)
HUNDREDS_OF_MILLIONS = (100, 120, 150, 200, 300, 500, 800)
BILLIONS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30)
PEOPLE = (12, 15, 18, 20, 25, 30, 40, 50, 80, 100, 120, 150, 200, 300)
THOUSANDS = (1, 2, 3, 5, 8, 10, 12, 20, 30, 50, 80)


def in_words(number: float, *, first: bool = True) -> str:
    """A number below ten thousand as Chinese reads it: 350 三百五十, 2.5 二点五, 12 十二."""
    whole = int(number)
    if number != whole:
        return f"{in_words(whole)}点{DIGITS[round(10 * (number - whole))]}"
    if whole < 10:
        return DIGITS[whole]
    unit, name = next((u, n) for u, n in ((1000, "千"), (100, "百"), (10, "十")) if whole >= u)
    head, rest = divmod(whole, unit)
    words = DIGITS[head] + name
    if head == 2 and unit > 10 and first:  # 两千二百
        words = "两" + name
    if rest:
        words += ("零" if rest * 10 < unit else "") + in_words(rest, first=False)
    return words.removeprefix("一") if 10 <= whole < 20 and first else words  # 十二, 一百一十二


def shown(number: float) -> str:
    """2.5 as 2.5, 3.0 as 3, 1200 as 1200."""
    return f"{number:g}" if number < 100_000 else str(int(number))


def figure_rules() -> Rules:
    """Percentages, sums of money and counts, where possible also in Chinese numerals."""

    def sum_of(english: float, chinese: float) -> str:
        # Beside digits only what is short is usual in words: 两百万, 三千万, but 1250万.
        short = chinese in (1, 2, 3, 4, 5, 6, 8, 10, 20, 30) or chinese % 100 == 0
        words = in_words(chinese).replace("二", "两") if chinese == 2 else in_words(chinese)
        return f"{shown(english)} => " + (
            f"({shown(chinese)}|{words})" if short and chinese < 10_000 else shown(chinese)
        )

    return {
        "percent": [f"{shown(p)} percent => ({shown(p)}%|百分之{in_words(p)})" for p in PERCENTAGES],
        "rate": [f"{shown(p)} percent => ({shown(p)}%|百分之{in_words(p)})"
                 for p in (1.5, 2, 2.1, 2.4, 3, 3.2, 3.6, 4, 4.5, 5, 5.2, 6, 7.5)],
        "million": [sum_of(m, m * 100) for m in MILLIONS],
        "hundred.million": [sum_of(m, m / 100) for m in HUNDREDS_OF_MILLIONS],
        "billion": [sum_of(b, b * 10) for b in BILLIONS],
        "sum": [
            "4: {million} million => {million}万",
            "2: {hundred.million} million => {hundred.million}亿",
            "4: {billion} billion => {billion}亿",
        ],
        "people": [f"{p} => ({p}|{in_words(p)})" for p in PEOPLE],
        "thousands": [
            f"{t},000 => " + (f"({t}000|{in_words(t * 1000)})" if t < 10
                              else f"({shown(t / 10)}万|{in_words(t / 10).replace('二', '两')}万)"
                              if t % 10 == 0 else f"({shown(t / 10)}万|{t}000)")
            for t in THOUSANDS
        ],
        "points": ["0.25 => 0.25", "0.5 => 0.5", "0.75 => 0.75"],
        "score": [f"{a}-{b} => ({a}比{b}|{in_words(a)}比{in_words(b)})"
                  for a, b in ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 2))],
        "draw": [f"{a}-{a} => ({a}比{a}|{in_words(a)}比{in_words(a)})" for a in (1, 2, 3)],
    }  # fmt: skip


# --- Words --------------------------------------------------------------------------------------

SMALL_WORDS = """
currency
    3: dollars | 美元
    2: yuan | 元,元人民币
    2: euros | 欧元
    pounds | 英镑
company.one
    Bluestone | 蓝石
    Great River | 大河
    Eastern Star | 东星
    Halden | 哈尔登
company.other
    Marlow | 马洛
    Silver Lake | 银湖
    Golden Bridge | 金桥
    Northwind | 北风
carmaker
    Eastern Star | 东星
    Halden | 哈尔登
figure
    net profit | 净利润
    profit | 利润
    revenue | 收入,营业收入
    turnover | 营业额
rose
    rose | 增长了,增加了,上升了
    increased | 增加了,增长了
    grew | 增长了
    fell | 下降了,减少了
    dropped | 下降了,减少了
    decreased | 减少了,下降了
share.rose
    rose | 上涨了,涨了
    climbed | 上涨了,攀升了
    fell | 下跌了,跌了
    dropped | 下跌了,下滑了
living.price
    house | 房价
    food | 食品价格
goods.price
    oil | 石油价格,油价
    gold | 黄金价格,金价
period
    last year | 去年
    last month | 上个月
    last quarter | 上季度,上个季度
    in the first quarter | 第一季度,一季度
    in the third quarter | 第三季度,三季度
    in the first half of the year | 上半年,今年上半年
bank
    2: the central bank | 央行,中央银行
    the European Central Bank | 欧洲央行,欧洲中央银行
    the Bank of Japan | 日本央行,日本银行
    the Bank of England | 英国央行,英格兰银行
    the Federal Reserve | 美联储
raised
    raised | 上调,提高,调高
    cut | 下调,降低,调低
raise
    raise | 上调,提高,调高
    cut | 下调,降低,调低
rate.of
    inflation rate | 通胀率,通货膨胀率
    unemployment rate | 失业率
rate.moved
    rose to | 升至,上升到
    fell to | 降至,下降到
led.abroad
    France | 法国
    Brazil | 巴西
    Russia | 俄罗斯
led.one
    3: {led.abroad} => {led.abroad}
    the United States => 美国
led.other
    India | 印度
    Canada | 加拿大
    Australia | 澳大利亚
host
    China | 中国
    Germany | 德国
    Italy | 意大利
    Japan | 日本
    Britain | 英国
voting
    Japan | 日本
    India | 印度
    France | 法国
    Germany | 德国
    Britain | 英国
    Italy | 意大利
    Spain | 西班牙
    Canada | 加拿大
    Brazil | 巴西
    Australia | 澳大利亚
capital
    London | 伦敦
    Paris | 巴黎
    Berlin | 柏林
    Rome | 罗马
    Madrid | 马德里
party
    the Labour Party | 工党
    the Green Party | 绿党
    the Liberal Party | 自由党
    the ruling party | 执政党
    the opposition | 反对党
ministry
    finance | 财政
    health | 卫生
    education | 教育
    defence | 国防
law
    tax | 税法
    labour | 劳动法
    education | 教育法
    climate | 气候法
agreement
    a trade | 贸易
    a climate | 气候
    an economic | 经济
    an energy | 能源
agreement.new
    trade | 贸易
    climate | 气候
    economic | 经济
    energy | 能源
spent.on
    education | 教育
    health | 医疗,医疗卫生
    defence | 国防
    new roads | 修建新公路
    new railways | 修建新铁路
    new schools | 修建新学校
protested
    the new law | 新法律
    higher taxes | 增税,加税
    the war | 战争
    the new airport | 新机场项目,修建新机场
opened
    airport | 机场
    hospital | 医院
    station | 火车站,车站
    library | 图书馆
    stadium | 体育场
storm
    a storm | 一场风暴,一场暴风雨
    a typhoon | 一场台风,台风
    a flood | 一场洪水,洪水
accident
    a traffic accident | 一起交通事故,交通事故
    a train accident | 一起火车事故,火车事故
    an explosion | 爆炸,一起爆炸
    a fire | 火灾,一起火灾
    an earthquake | 地震
hurt
    2: injured | 受伤
    killed | 死亡,遇难,丧生
burnt
    hotel | 家酒店,家宾馆
    factory | 家工厂
    restaurant | 家餐厅,家饭馆
    school | 所学校
    supermarket | 家超市
destroyer
    the flood | 洪水
    the storm | 风暴,暴风雨
    the earthquake | 地震
obstacle
    heavy snow | 大雪
    heavy rain | 大雨,暴雨
    the storm | 风暴,暴风雨
    thick fog | 大雾
    the strike | 罢工
flights
    many flights | 许多航班,很多航班,大量航班
    many trains | 许多火车,很多火车
    two flights | 两个航班
    all flights | 所有航班,全部航班
team.one
    China | 中国
    France | 法国
    Italy | 意大利
    Brazil | 巴西
    Japan | 日本
    Russia | 俄罗斯
team.other
    Germany | 德国
    Spain | 西班牙
    India | 印度
    Canada | 加拿大
    Australia | 澳大利亚
beat
    beat | 击败了,战胜了,打败了
    defeated | 击败了,战胜了
athlete
    Li Na | 李娜
    Wang Fang | 王芳
    Zhang Lei | 张磊
    Liu Min | 刘敏
    Wang Wei | 王伟
    Emma | 艾玛
sport
    swimming | 游泳
    tennis | 网球
    table tennis | 乒乓球
    skiing | 滑雪
    the marathon | 马拉松
medal
    gold | 金牌
    silver | 银牌
discovered
    a new planet | 一颗新行星,一颗新的行星
    a new drug | 一种新药
    a new kind of fish | 一种新的鱼,一种新的鱼类
work.place
    shops | 家商店,家门店
    factories | 家工厂,座工厂
    offices | 个办事处
media
    2: local media | 当地媒体
    the newspaper | 报纸
    a news agency | 一家通讯社,通讯社
time.news
    2: yesterday | 昨天
    last week | 上周,上个星期
    last month | 上个月
    this morning | 今天早上,今天上午
    last night | 昨晚,昨天晚上
time.plan
    2: next month | 下个月
    2: next year | 明年
    this year | 今年
    this month | 这个月,本月
time.coming
    tomorrow | 明天
    next week | 下周,下个星期
    next month | 下个月
    next year | 明年
"""

# --- Sentences ----------------------------------------------------------------------------------
# {T} is a time in the past, {U} one to come, {V} a month or a year to come, {D} a day in the past.

TOLD_OF_PAST = """
1.6: {company}'s {figure} {rose} {percent} {period}
    {company}{period}的{figure}{rose}{percent}
    {period}{company}的{figure}{rose}{percent}
    {company}的{figure}{period}{rose}{percent}
1.4: {company} made a profit of {sum} {currency} {period}
    {company}{period}(盈利|获利|实现利润){sum}{currency}
    {period}{company}(盈利|获利|实现利润){sum}{currency}
1.2: {company} said that its {figure} {rose} {percent} {period}
    {company}(表示|称|宣布)，(公司|其){period}的{figure}{rose}{percent}
    {company}(表示|称|宣布)，{period}(公司|其){figure}{rose}{percent}
0.8: the finance minister said {T} that the economy (will|would) grow {rate} next year
    财政部长{T}(说|表示|称)，明年经济(将|会)增长{rate}
    {T}财政部长(说|表示|称)，明年经济(将|会)增长{rate}
0.6: the education minister said {T} that the government (will|would) build {people} new schools
    教育部长{T}(说|表示|称)，政府(将|会)(建|修建){people}所新学校
    {T}教育部长(说|表示|称)，政府(将|会)(建|修建){people}所新学校
1: {company} made a loss of {sum} {currency} {period}
    {company}{period}亏损(了|){sum}{currency}
    {period}{company}亏损(了|){sum}{currency}
1.4: shares in {company} {share.rose} {percent} {T}
    {company}(的股价|股价|的股票){T}{share.rose}{percent}
    {T}{company}(的股价|股价|的股票){share.rose}{percent}
1.2: {company} bought {company.other} for {sum} {currency} {T}
    {company}{T}以{sum}{currency}(收购|买下)了{company.other}公司
    {T}{company}以{sum}{currency}(收购|买下)了{company.other}公司
0.8: {carmaker} recalled {thousands} cars {T}
    {carmaker}公司{T}召回了{thousands}辆(汽车|车)
    {T}{carmaker}公司召回了{thousands}辆(汽车|车)
0.5: {carmaker} sold {thousands} cars {period}
    {carmaker}公司{period}(卖出了|售出了|销售了){thousands}辆(汽车|车)
    {period}{carmaker}公司(卖出了|售出了|销售了){thousands}辆(汽车|车)
0.5: Bluestone sold {thousands} {gadgets} {period}
    蓝石公司{period}(卖出了|售出了|销售了){thousands}{gadgets}
    {period}蓝石公司(卖出了|售出了|销售了){thousands}{gadgets}
0.8: workers at {company} went on strike {T}
    {company}(的|)工人{T}(举行了罢工|罢工了)
    {T}{company}(的|)工人(举行了罢工|罢工了)
1.2: {bank} {raised} interest rates {T}
    {bank}{T}{raised}了利率
    {T}{bank}{raised}了利率
1.2: {bank} {raised} interest rates by {points} percentage points {T}
    {bank}{T}(将|把)利率{raised}了{points}个百分点
    {T}{bank}(将|把)利率{raised}了{points}个百分点
0.8: {bank} left interest rates unchanged {T}
    {bank}{T}(维持|保持)利率不变
    {T}{bank}(维持|保持)利率不变
1.2: the {rate.of} in {country} {rate.moved} {rate} in {time.month}
    {country}{time.month}(|份)(的|){rate.of}{rate.moved}{rate}
    {time.month}(|份){country}(的|){rate.of}{rate.moved}{rate}
1.2: {nation}'s economy (grew|grew by) {rate} {period}
    {nation}经济{period}增长了{rate}
    {period}{nation}经济增长了{rate}
0.7: {team.one}'s exports to {team.other} {rose} {percent} {period}
    {period}{team.one}对{team.other}(的|)出口{rose}{percent}
    {team.one}{period}对{team.other}(的|)出口{rose}{percent}
0.7: {team.one}'s imports from {team.other} {rose} {percent} {period}
    {period}{team.one}从{team.other}的(进口|进口额){rose}{percent}
    {team.one}{period}从{team.other}的(进口|进口额){rose}{percent}
1: {living.price} prices {share.rose} {percent} {period}
    {period}{living.price}{share.rose}{percent}
    {living.price}{period}{share.rose}{percent}
1: {goods.price} prices {share.rose} {percent} {T}
    {goods.price}{T}{share.rose}{percent}
    {T}{goods.price}{share.rose}{percent}
1.2: {party} won the election in {voting} {T}
    {party}{T}赢得了{voting}(的|)(大选|选举)
    {T}{party}在{voting}(的|)(大选|选举)中(获胜|胜出)
1: {leader} visited {host} {T}
    {leader}{T}访问了{host}
    {T}{leader}访问了{host}
1: the foreign ministers of {host} and {abroad} met in {city} {T}
    {host}和{abroad}(的外长|外长|两国外长){T}在{city}(举行了会谈|举行会谈|会面)
    {T}{host}和{abroad}(的外长|外长|两国外长)在{city}(举行了会谈|举行会谈|会面)
1: {host} and {led} signed {an.agreement} {T}
    {host}(和|与){led}{T}签署了一项{an.agreement}
    {T}{host}(和|与){led}签署了一项{an.agreement}
1: parliament passed a new {law} law {T}
    (议会|国会){T}通过了一项新的{law}
    {T}(议会|国会)通过了一项新的{law}
0.8: the {ministry} minister resigned {T}
    {ministry}部长{T}(辞职了|宣布辞职)
    {T}{ministry}部长(辞职了|宣布辞职)
1: {thousands} people protested against {protested} in {capital} {T}
    {thousands}人{T}在{capital}(抗议|示威反对){protested}
    {T}{thousands}人在{capital}(抗议|示威反对){protested}
0.8: about {million} million people voted in {voting} {T}
    {voting}{T}(约|大约)有{million}万人(参加|参与)了投票
    {T}{voting}(约|大约)有{million}万人(参加|参与)了投票
0.8: a new {opened} opened in {city} {T}
    {city}的新{opened}{T}(启用|正式启用|投入使用)
    {T}{city}的新{opened}(启用|正式启用|投入使用)
1.2: {storm} hit {place} {T}
    {storm}{T}袭击了{place}
    {T}{storm}袭击了{place}
0.8: a strong earthquake hit {place} {T}
    {place}{T}发生(了|)强烈地震
    {T}{place}发生(了|)强烈地震
1.6: at least {people} people were {hurt} in {accident} in {place} {T}
    {place}{T}发生{accident}，(造成|导致)至少{people}人{hurt}
    {T}{place}发生{accident}，(|造成|导致)至少{people}人{hurt}
1: a fire in a {burnt} in {city} killed {n} people {T}
    {city}一{burnt}{T}(发生火灾|起火)，(造成|导致){n}人(死亡|遇难)
    {T}{city}一{burnt}(发生火灾|起火)，(造成|导致){n}人(死亡|遇难)
1: {destroyer} destroyed {people} houses in {place} {T}
    {destroyer}{T}(摧毁|毁坏)了{place}的{people}(座|栋)房屋
    {T}{destroyer}(摧毁|毁坏)了{place}的{people}(座|栋)房屋
1.2: {flights} were cancelled {D} because of {obstacle}
    (由于|因为|因){obstacle}，{flights}{D}(被取消|取消了)
    {D}{flights}(因|由于|因为){obstacle}(被取消|取消了)
1: the police arrested {n} men in {city} {T}
    警方{T}在{city}逮捕了{n}名男子
    {T}警方在{city}逮捕了{n}名男子
1.4: {team.one} {beat} {team.other} {score} {T}
    {team.one}队{T}以{score}{beat}{team.other}队
    {T}{team.one}队以{score}{beat}{team.other}队
1: {team.other} {beat} {team.one} {score} {T}
    {team.other}队{T}以{score}{beat}{team.one}队
    {T}{team.other}队以{score}{beat}{team.one}队
0.8: {team.one} drew {draw} with {team.other} {T}
    {team.one}队{T}以{draw}战平{team.other}队
    {T}{team.one}队(和|与){team.other}队{draw}战平
1.2: {athlete} won a {medal} medal in {sport} {T}
    {athlete}{T}(获得|赢得|夺得)了{sport}{medal}
    {T}{athlete}(获得|赢得|夺得)了{sport}{medal}
0.8: more than {thousands} fans watched the match between {team.one} and {team.other}
    (超过|逾){thousands}名球迷观看了{team.one}队(和|与|对){team.other}队的比赛
0.8: scientists in {country} discovered {discovered} {T}
    {country}(的|)科学家{T}发现了{discovered}
    {T}{country}(的|)科学家发现了{discovered}
"""
TOLD_OF_FUTURE = """
1.2: {company} will open {n} new {work.place} in {country} {V}
    {company}{V}(将|会)在{country}(开设|新开){n}{work.place}
    {company}将于{V}在{country}(开设|新开){n}{work.place}
1: {company} plans to cut {thousands} jobs {V}
    {company}(计划|打算){V}(裁员|裁减){thousands}人
1: {company} plans to build a new factory in {city} {V}
    {company}(计划|打算){V}在{city}(建|兴建|建设)一(座|家)新工厂
1: {company} will invest {sum} {currency} in {country} {V}
    {company}{V}(将|会)在{country}投资{sum}{currency}
1.2: {bank} is expected to {raise} interest rates {U}
    (预计|市场预计){bank}{U}(将|会){raise}利率
    {bank}预计{U}(将|会){raise}利率
0.8: {bank} may {raise} interest rates {U}
    {bank}{U}(可能|可能会|或将){raise}利率
0.8: {bank} will not {raise} interest rates {U}
    {bank}{U}不会{raise}利率
1.2: {leader} will visit {host} {U}
    {leader}{U}(将|会)访问{host}
    {leader}将(于|在){U}访问{host}
1: {voting} will hold elections {U}
    {voting}{U}(将|会)举行(大选|选举)
    {voting}将(于|在){U}举行(大选|选举)
1: the government plans to spend {sum.state} {currency} on {spent.on}
    政府(计划|打算)(投入|拨款){sum.state}{currency}用于{spent.on}
0.8: the government will spend {sum.state} {currency} on {spent.on} {V}
    政府{V}(将|会)(投入|拨款){sum.state}{currency}用于{spent.on}
0.8: {country} will launch a new satellite {V}
    {country}{V}(将|会)发射一颗新(的|)卫星
    {country}将(于|在){V}发射一颗新(的|)卫星
1: {team.one} will play against {team.other} {U}
    {team.one}队{U}(将|会)(迎战|对阵){team.other}队
    {team.one}队将(于|在){U}(迎战|对阵){team.other}队
0.8: the match between {team.one} and {team.other} will start at {time.hour} o'clock tonight
    {team.one}队(和|与|对){team.other}队的比赛(将于|将在|)(今晚|今天晚上){time.hour}点(开始|举行)
0.7: {athlete} will not play against {team.one} {U} because of an injury
    (由于|因为|因)(受伤|伤病)，{athlete}{U}(不会|不能|无法)参加对{team.one}队的比赛
0.8: the new {opened} in {city} will open {U}
    {city}的新{opened}{U}(将|会)(启用|投入使用)
    {city}的新{opened}将(于|在){U}(启用|投入使用)
"""


def news_rules() -> Rules:
    """The rules of news sentences; `news` is the topmost."""
    rules: Rules = tables(SMALL_WORDS) | figure_rules()
    rules |= {
        "company": [
            "3: {company.one} => {company.one}公司",
            "0.5: the carmaker {carmaker} => 汽车制造商{carmaker}",
            "0.25: the technology company Bluestone => 科技公司蓝石",
            "0.25: the retailer Great River => 零售商大河",
        ],
        "leader": [
            "4: the president of {led.one} => {led.one}总统",
            "3: the prime minister of {led.other} => {led.other}总理",
            "1: the prime minister of Spain => 西班牙首相",
            "1: the foreign minister of {led.abroad} => {led.abroad}(外长|外交部长)",
        ],
        "led": ["{led.one} => {led.one}", "{led.other} => {led.other}"],
        "abroad": ["{led.abroad} => {led.abroad}", "{led.other} => {led.other}"],
        "an.agreement": [
            "3: {agreement} agreement => {agreement}(协议|协定)",
            "2: a new {agreement.new} agreement => 新的{agreement.new}(协议|协定)",
        ],
        "place": ["3: {city} => {city}", "2: {country} => {country}"],
        "gadgets": ["phones => 部手机", "computers => 台(电脑|计算机)"],
        "sum.state": [
            "1: {hundred.million} million => {hundred.million}亿",
            "3: {billion} billion => {billion}亿",
        ],
    }
    rules["period"].append("2: in {time.year} => {time.year}")
    rules["time.plan"] += ["1.5: in {time.month} => {time.month}(|份)"]
    rules["nation"] = [rule for rule in pairs(COUNTRIES) if not rule.startswith("the ")]
    rules["time.news.day"] = [
        *pairs("yesterday | 昨天\nthis morning | 今天早上,今天上午\nlast night | 昨晚,昨天晚上"),
        "3: on {time.weekday} => {time.weekday}",
    ]
    rules["time.news"] += [
        "4: on {time.weekday} => {time.weekday}",
        "1.5: in {time.month} => {time.month}(|份)",
    ]
    rules["time.coming"] += [
        "3: on {time.weekday} => {time.weekday}",
        "1: next {time.weekday} => 下{time.weekday}",
        "1.5: in {time.month} => {time.month}(|份)",
    ]
    told = [
        rule.replace("{T}", "{time.news}")
        .replace("{U}", "{time.coming}")
        .replace("{V}", "{time.plan}")
        .replace("{D}", "{time.news.day}")
        for rule in rules_of(TOLD_OF_PAST + TOLD_OF_FUTURE)
    ]
    return rules | {
        "news.told": told,
        "news": [
            "9: {news.told} => {news.told}",
            "1: according to {media} , {news.told} => 据{media}报道，{news.told}",
        ],
    }
