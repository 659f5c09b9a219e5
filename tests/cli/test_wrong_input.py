"""Whatever is wrong with the input is told in one line, with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.calling import EXAMPLES, Caller, one_line
from tokenassay.cli.inputs import parse_money
from tokenassay.cli.output import Complaint

CHAT = EXAMPLES / "qwen-chat.json"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b'{"model": "qwen-turbo",\n "input"}', "line 2, column 9"),
        (b"hello", "line 1, column 1"),
        (b'{"model": NaN}', "NaN is not a JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "got an array"),
        (b"3", "got a number"),
        (b"true", "got a boolean"),
        (b'"text"', "got a string"),
        (b"null", "got null"),
        (b'{"model": "qwen-turbo"}', "expected a request body"),
        (b'{"input": "\xff"}', "not UTF-8 text: invalid start byte at byte 11"),
        ('{"messages": []}'.encode("utf-16"), "not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_request(call: Caller, tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(content)
    from_file = one_line(call("estimate", path))
    assert told in from_file
    from_stdin = one_line(call("estimate", "-", stdin=content))
    assert told in from_stdin


def test_a_file_that_is_not_there(call: Caller, tmp_path: Path) -> None:
    assert one_line(call("estimate", tmp_path / "none.json")).endswith("no such file")
    assert one_line(call("estimate", tmp_path)).endswith("is a directory")
    assert one_line(call("estimate", "a\0b"))
    assert one_line(call("estimate", CHAT, "--contract", tmp_path / "none.yaml"))
    assert one_line(call("estimate", CHAT, "--contract", tmp_path)).endswith("is a directory")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "qwen-trubo"], "did you mean qwen-turbo"),
        (["--edition", "qwen-dashscope@1999"], "qwen-dashscope@2024-04"),
        (["--as-of", "yesterday"], "expected a date"),
        (["--as-of", "2024-02-30"], "expected a date"),
        (["--as-of", "20240415"], "expected a date"),
        (["--max-cost", "0.50"], "expected an amount and its currency"),
        (["--max-cost", "CNY"], "expected an amount and its currency"),
        (["--max-cost", "-1 CNY"], "expected an amount and its currency"),
        (["--max-cost", "nan CNY"], "expected an amount and its currency"),
        (["--max-cost", "0.50 EUR"], "--max-cost is in EUR"),
        (["--model", "qwen-plus", "--all-models"], "not both"),
        (["--system", "Be brief."], "--system goes with -m"),
        (["-m", "hello"], "a request file"),
        (["--tokenizer", "/"], "/"),
        (["--tokenizer", "none.json"], "none.json: no such file"),
        (["--tokenizer", str(CHAT)], "qwen-chat.json"),
    ],
)
def test_options_that_make_no_sense(call: Caller, arguments: list[str], told: str) -> None:
    assert told in one_line(call("estimate", CHAT, *arguments))


def test_nothing_to_estimate(call: Caller) -> None:
    assert "request file" in one_line(call("estimate"))
    assert "--model" in one_line(call("estimate", "-m", "hello"))


def test_unknown_names_elsewhere(call: Caller) -> None:
    assert "did you mean qwen-plus" in one_line(call("models", "qwn-plus"))
    assert "qwen-dashscope@2024-04" in one_line(call("contracts", "qwen"))
    assert "--errors needs an edition" in one_line(call("contracts", "--errors"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["estimate", str(CHAT), "--no-such-option"],
        ["estimate", str(CHAT), "--output-tokens", "-1"],
        ["estimate", str(CHAT), "--output-tokens", "many"],
        ["estimate", str(CHAT), "second.json"],
        ["guess"],
        [],
    ],
)
def test_wrong_usage_is_exit_2(call: Caller, arguments: list[str]) -> None:
    answer = call(*arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", ": expected a mapping"),
        ("edition: mine@1\n\tdate: x\n", ":2: not valid YAML"),
        ("edition: mine@1\nextends: nobody@1\n", ":2: extends: "),
        ("edition: mine@1\nextends: qwen-dashscope@2024-04\ncolour: red\n", "colour"),
    ],
)
def test_a_contract_file_with_a_mistake(
    call: Caller, tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    line = one_line(call("estimate", CHAT, "--contract", path))
    assert line.startswith(str(path))
    assert told in line


def test_control_characters_do_not_reach_the_terminal(call: Caller, tmp_path: Path) -> None:
    line = one_line(call("estimate", tmp_path / "a\x1b[31m\nb\u202e.json"))
    assert line.isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_end_in_one_line(call: Caller, content: bytes) -> None:
    assert one_line(call("estimate", "-", stdin=content))


@given(st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=6))
def test_money_is_read_as_written(amount: object) -> None:
    assert parse_money(f"{amount:f} cny") == (amount, "CNY")


@given(st.text())
def test_money_is_an_amount_or_a_complaint(written: str) -> None:
    try:
        amount, currency = parse_money(written)
    except Complaint:
        return
    assert amount >= 0
    assert currency.isascii()
    assert len(currency) == 3
