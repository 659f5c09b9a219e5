"""Texts of every script that a meter may trip over, made anew from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

MARKED: Final = (
    "Translate the word <|im_start|> and keep <|im_end|> as it stands.",
    "请解释 <|endoftext|> 的意思。",
)
"""Texts with markers of the vocabulary: a server may take them for markers or for text."""


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_ENGLISH: Final = _listed(
    "river stone bridge winter market window garden letter music paper silver morning village "
    "carpenter harbour lantern teacher orchard mountain sparrow kitchen thunder copper journey "
    "candle forest meadow blanket hammer pencil island valley engine mirror pepper saddle"
)
_CHINESE: Final = _listed(
    "桥梁 河水 山谷 春天 早市 图书馆 木匠 灯笼 雨声 渔船 老师 花园 铜钱 面包 路灯 火车 石头 邻居 "
    "茶杯 窗户 信件 海港 高原 竹林 秋叶 棉花 算盘 钟楼 小巷 集市"
)
_JOINTS: Final = ("在", "和", "旁边的", "，", "里的", "。", "上有", "、")
_EMOJI: Final = (*"🎉🌉🍞🎻🦆🧭🪵🌧🏔🚲", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇳")
_REPEATED: Final = ("ha ", "哈", "-", "yes, ", "\n* ")

Writer = Callable[[random.Random, int], str]
"""Text of about so many tokens."""


def english(dice: random.Random, size: int) -> str:
    """Plain words, a full stop now and then."""
    words = [
        dice.choice(_ENGLISH) + ("." if dice.random() < 0.08 else "")  # a token of its own
        for _ in range(max(1, int(size / 1.08)))
    ]
    return " ".join(words).capitalize()


def words(dice: random.Random, size: int) -> str:
    """Words alone, so that one word more or less is a token or two more or less."""
    return " ".join(dice.choice(_ENGLISH) for _ in range(max(1, size)))


def chinese(dice: random.Random, size: int) -> str:
    """Chinese words and what joins them."""
    return "".join(dice.choice(_CHINESE) + dice.choice(_JOINTS) for _ in range(max(1, size // 3)))


def code(dice: random.Random, size: int) -> str:
    """Python with indents, operators and brackets."""
    lines = []
    for number in range(max(1, size // 26)):
        name, other = dice.choice(_ENGLISH), dice.choice(_ENGLISH)
        lines += [
            f"def {name}_{number}({other}: int) -> list[int]:",
            f"    return [{other} ** {dice.randint(2, 9)} % {dice.randint(10, 99)}]",
        ]
    return "\n".join(lines)


def digits(dice: random.Random, size: int) -> str:
    """Digits in a row."""
    return "".join(str(dice.randint(0, 9)) for _ in range(size))


def emoji(dice: random.Random, size: int) -> str:
    """Pictures, some of several code points."""
    return "".join(dice.choice(_EMOJI) for _ in range(max(1, size // 4)))


def repeated(dice: random.Random, size: int) -> str:
    """The same thing over and over."""
    return dice.choice(_REPEATED) * size


def mixed(dice: random.Random, size: int) -> str:
    """Scripts side by side in one text."""
    part = max(2, size // 4)
    pieces = [english(dice, part), chinese(dice, part), code(dice, part), digits(dice, part // 2)]
    dice.shuffle(pieces)
    return "\n".join(pieces)


WRITERS: Final[dict[str, Writer]] = {
    "English": english,
    "Chinese": chinese,
    "code": code,
    "digits": digits,
    "emoji": emoji,
    "repeated": repeated,
    "mixed": mixed,
    "words": words,
}
