"""What is said to an endpoint: in several scripts and lengths, for answers short and long."""

from __future__ import annotations

import json
from typing import Any, Final

HELLO: Final = "Say hello."
LONG: Final = "Write a long text about the history of bridges, with many details."
LONG_ZH: Final = "请详细写一篇关于桥梁历史的长文。"
EMOJI: Final = "请用很多表情符号和汉字回答：🎉🎊 你好吗？"
BRIEF: Final = "Briefly: what is a bridge?"
BRIEF_ZH: Final = "用一句话说明什么是桥。"

ROOM: Final = 400
"""Output tokens with which an answer to a brief question should end by itself."""

QUESTIONS: Final = (HELLO, "你好，请介绍一下杭州。", "What is 1 + 1?", "用三句话介绍一下长城。")
"""Asked where the form of an answer is looked at."""

TOLD: Final = (LONG, LONG_ZH, EMOJI)
"""Asked where an answer should be long enough to come in many frames."""

SCRIPTS: Final[tuple[tuple[str, str], ...]] = (
    ("short English", HELLO),
    ("short Chinese", "你好，请问杭州的天气怎么样？"),
    ("digits", "3141592653589793238462643383279502884197"),
    ("code", "def area(r):\n    return 3.14159 * r ** 2\n\nprint(area(2))"),
    ("emoji", "🎉👩‍👩‍👧‍👦🏳️‍🌈 party!"),
    ("repeated", "ha " * 59 + "ha"),
    ("mixed", 'Please translate the word "桥梁" into English, 然后 explain.\n\n- a\n- b'),
    ("Arabic and Thai", "مرحبا بالعالم สวัสดีชาวโลก"),
    ("long Chinese", "桥梁的历史很长，从木桥到石桥，再到钢桥。" * 24),
    ("long English", "The bridge over the river was built of stone and stood long. " * 23 + "Yes."),
)
"""Texts whose tokens are counted. Each begins and ends with no space, so that no template joins
its neighbours to it in another way."""


def written(value: Any) -> str:
    """A value as JSON writes it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
