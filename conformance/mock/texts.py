"""The stock of sentences that the mock answers with: our own, in Chinese and in English.

A sentence has no final stop: the joiner before the next one carries it. A joiner begins with
punctuation and a sentence ends with a letter, so the tokenizer always splits between them and
the tokens of an answer are those of its parts, one after the other.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Stock(NamedTuple):
    """Sentences of one language, and what stands between them."""

    openings: tuple[str, ...]
    body: tuple[str, ...]
    thoughts: tuple[str, ...]
    """Sentences for the reasoning of a thinking model."""
    joiner: str
    paragraph: str
    end: str
    after_tool: str
    """Opening of an answer that follows a tool's result."""


ENGLISH: Final = Stock(
    openings=(
        "Here is a short answer",
        "Let me put it in plain words",
        "There are a few things worth saying",
        "That can be answered step by step",
        "A simple picture may help",
        "Several points matter here",
    ),
    body=(
        "A scale is only useful when both sides agree on the weights",
        "The river runs slower where the valley is wide",
        "Most gardens do better with patience than with water",
        "A good map leaves out more than it shows",
        "The old library keeps its best books near the window",
        "Bread needs time, and time cannot be bought at the market",
        "A small mistake that is found early costs almost nothing",
        "Every bridge rests on work that nobody sees",
        "The night train arrives before the first bus leaves",
        "Clear words save more time than fast machines",
        "A clock that is always five minutes late is still a good clock",
        "The carpenter measures twice and cuts once",
        "Rain on a tin roof sounds different in every season",
        "Two people who count the same coins should reach the same sum",
        "The harbour is quiet until the fishing boats return",
        "Good tools are heavy enough to be trusted and light enough to be carried",
        "A question that is well put is already half answered",
        "The baker starts when the rest of the street is asleep",
        "Paper remembers what people forget",
        "The shortest path is not always the one with the fewest steps",
        "A lamp in the window tells more than a letter",
        "Snow makes the whole town look like a careful drawing",
        "The teacher asked for reasons and not for results",
        "An honest label is worth more than a beautiful bottle",
        "The mountain looks near in the morning and far in the evening",
        "Seeds are cheap but seasons are not",
        "The museum opens late so that workers can visit it",
        "A rule that nobody checks becomes a habit that nobody keeps",
        "The orchestra tunes to one note before it plays a thousand",
        "Fresh paint hides cracks only until the next winter",
        "A quiet room is the cheapest instrument for thinking",
        "The ferry crosses the lake in the time it takes to drink a cup of tea",
    ),
    thoughts=(
        "The user wants an answer that is clear and not too long",
        "I should first look at what was really asked",
        "One way is to begin with the simplest case",
        "It helps to check this against an example",
        "The second reading of the question seems less likely",
        "Nothing here depends on outside data",
        "So the main points can be put in order now",
        "I will keep the wording plain",
    ),
    joiner=". ",
    paragraph=".\n\n",
    end=".",
    after_tool="This is what the tool reported",
)

CHINESE: Final = Stock(
    openings=(
        "先说结论",
        "可以这样理解",
        "这个问题可以分几步来看",
        "简单地说",
        "下面是几点说明",
        "换一个角度会更清楚",
    ),
    body=(
        "一杆好秤要让买卖双方都放心",
        "河水流到平原上就会慢下来",
        "院子里的桂花每年秋天开得最好",
        "地图画得太细反而让人找不到路",
        "图书馆靠窗的座位总是最先坐满",
        "做面包需要时间,时间却不能从市场上买来",
        "早一点发现的小错误几乎不用花钱去改",
        "每一座桥下面都有看不见的工夫",
        "末班车开走以后街上就安静了",
        "把话说清楚比把机器造快更省时间",
        "木匠总是量两次才下一次锯",
        "雨点落在瓦片上的声音四季都不一样",
        "两个人数同一袋钱应该得到同一个数",
        "渔船回来之前港口没有什么声音",
        "好用的工具拿在手里不轻也不重",
        "问题问得准,答案就有了一半",
        "天还没亮,早点铺已经开始和面",
        "纸上记下来的事情不容易忘记",
        "步数最少的路不一定最近",
        "窗前的一盏灯胜过一封长信",
        "下雪以后整个小镇像一幅画",
        "老师要的是理由而不是结果",
        "标签写得老实比瓶子做得漂亮更重要",
        "早上看山很近,傍晚看山很远",
        "种子便宜,季节却很贵",
        "博物馆晚上也开门,方便下班的人",
        "没有人检查的规矩慢慢就没有人遵守",
        "乐队先对准一个音再演奏整首曲子",
        "新刷的油漆只能遮住裂缝一个冬天",
        "安静的房间最适合想事情",
        "坐船过湖的时间刚好够喝一杯茶",
        "山里的空气比城里凉快得多",
    ),
    thoughts=(
        "用户想要一个清楚而且不太长的回答",
        "应该先看清楚问题到底在问什么",
        "可以从最简单的情况开始想",
        "用一个例子检查一下会更稳妥",
        "问题的另一种理解可能性不大",
        "这里不需要用到外面的资料",
        "现在可以把要点按顺序排好",
        "表达上尽量用平常的话",
    ),
    joiner="。",
    paragraph="。\n\n",
    end="。",
    after_tool="工具返回的结果如下",
)

COLOURFUL: Final = (
    "🎉 派对开始了，大家都很高兴！",
    "A café, a naïve façade; 5 ﬁne ﬁles — “done” 🏳️‍🌈",
    "👩‍👩‍👧‍👦 一家人（四口）在桥上：１２３，ＡＢＣ。",
    "☕ Früher war alles größer… ½ Liter für 3 €, 20 ℃ 🙂",
    "مرحبا، この橋は古い。한강 다리 🌉",
    "🎊 <b>&amp;</b> \\n is no line break; C:\\temp 🚀🚀🚀",
)
"""Lines for whoever asks with emoji: characters that are often lost, joined or changed on the way.

Each is in the form NFC, so that its tokens are those of its characters as they stand.
"""

_CJK: Final = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


def language_of(text: str) -> Stock:
    """Chinese where the text holds as many Chinese characters as other words, else English."""
    if text.isascii():
        return ENGLISH
    chinese = sum(1 for c in text[:2000] if any(low <= ord(c) <= high for low, high in _CJK))
    return CHINESE if chinese and chinese * 2 >= len(text[:2000].split()) else ENGLISH
