"""More answers whose usage was published beside their request, short ones: date and tokens."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tokenassay.estimators.estimating import estimate


class Case(NamedTuple):
    model: str
    as_of: str | None
    billed: int
    texts: tuple[str, ...]
    """From the last, a user's, backwards by turns; the first is the system's where ``system``."""
    system: bool = False
    predicted: bool = True


TRANSLATE = "You are a helpful assistant that translates English to French."
MATHS = "You are a helpful assistant who's good at math. Respond in 20 words or fewer"
COSINE = "余弦是三角函数之一，表示一个角的邻边与斜边的比值，在直角三角形中定义。"
REPORT = "2024年山东省济南市长清区供电公司的意见合计。"

CASES = [
    Case("qwen-plus", "2024-04-12", 34, (REPORT,)),
    Case("qwen-max", "2024-04-12", 34, (REPORT,)),
    Case("qwen1.5-72b-chat", "2024-04-12", 34, (REPORT,)),
    Case(
        "qwen-turbo",
        "2024-06-01",
        36,
        (TRANSLATE, "Translate this sentence from English to French. I love programming."),
        system=True,
    ),
    Case(
        "qwen-turbo",
        "2024-06-05",
        28,
        ("你是一位非常出色的诗人", "请写一首描写春天的七言绝句"),
        system=True,
    ),
    Case("qwen-turbo", "2024-06-05", 9, ("hi",), predicted=False),
    Case("qwen-turbo", "2025-01-15", 16, ("Hi there! My name is Will.",)),
    Case("qwen-turbo", "2025-01-15", 37, (MATHS, "余弦是什么意思？"), system=True),
    Case(
        "qwen-turbo",
        "2025-01-15",
        76,
        (MATHS, "余弦是什么意思？", COSINE, "什么？"),
        system=True,
    ),
    Case(
        "qwen-turbo",
        "2025-02-20",
        30,
        ("你是一名专业的翻译家，可以将用户的中文翻译为英文。", "我喜欢编程。"),
        system=True,
    ),
    Case(
        "qwen-max",
        "2025-03-18",
        26,
        ("You are a helpful assistant.", "What is 2+2?"),
        system=True,
    ),
    Case("qwen2.5-32b-instruct", "2025-05-12", 9, ("你好",)),
    Case("qwen-max", "2025-08-01", 18, ("回答这个问题: 为什么天空是蓝色的？",)),
    Case("qwen-plus", "2025-11-25", 22, ("You are a helpful assistant.", "你是谁？"), system=True),
    Case("qwen-turbo", "2025-12-02", 18, ("Hello, how are you?",)),
    Case(
        "qwen2.5-72b-instruct",
        "2025-12-30",
        42,
        (
            "你是一个乐于解答各种问题的助手，你的任务是为用户提供专业、准确、有见地的建议。",
            "你好，请介绍一下自己",
        ),
        system=True,
    ),
    Case(
        "qwen-plus",
        "2026-02-26",
        54,
        (
            "你是一个AI助手，请简短回答我提出的问题，结果返回json格式，q字段表示问题，a字段表示答案。",
            "请回答:什么是LangChain，简洁回答100字以内",
        ),
        system=True,
    ),
    Case("qwen-plus", "2026-04-09", 13, ("hi! I'm Lance",)),
    Case("qwen-plus", "2026-08-26", 10, ("Hello world",)),
    Case("qwen-turbo", "2026-08-26", 14, ("hello world",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.model}-{case.billed}")
def test_what_was_billed_is_in_the_range_and_mostly_predicted(case: Case) -> None:
    roles = ["system"] if case.system else []
    while len(roles) < len(case.texts):
        roles.append("assistant" if roles and roles[-1] == "user" else "user")
    messages = [
        {"role": role, "content": text} for role, text in zip(roles, case.texts, strict=True)
    ]
    found = estimate({"model": case.model, "messages": messages}, as_of=case.as_of)
    low, high = found.input_range
    assert low is not None
    assert high is not None
    assert low <= case.billed <= high
    assert (found.input_tokens == case.billed) is case.predicted
    if found.basis == "exact":
        assert low == high
