"""``tokenassay ledger``: what the guard wrote, as a table and as JSON."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import Caller, one_line
from tokenassay.guard import Guard, OverBudget, Refused
from tokenassay.guard.ledger import Ending

CHAT: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "How are you?"}],
    "max_tokens": 100,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one settled call, one under way, one without a price and two refused."""
    path = tmp_path / "calls.db"
    guard = Guard(ledger=path, tag="team-a")
    counted = guard.admit(CHAT).estimate
    assert counted is not None
    assert counted.input_tokens is not None
    guard.admit(CHAT).settle(counted.input_tokens + 3, 40)
    Guard(ledger=path).admit({**CHAT, "model": "someones"}).settle(5, 5)
    with pytest.raises(Refused):
        guard.admit({**CHAT, "temperature": 2})
    with pytest.raises(OverBudget):
        Guard(ledger=path, budget="0 CNY/day", tag="team-b").admit(CHAT)
    return path


def test_json_has_the_figures(call: Caller, path: Path) -> None:
    written = call("ledger", path, "--by", "tag", "--json").json
    assert written["ledger"] == str(path)
    assert (written["by"], written["since"]) == ("tag", None)
    totals = written["totals"]
    assert (totals["calls"], totals["refused"], totals["unsettled"]) == (3, 2, 1)
    assert totals["unpriced"] == 1
    assert totals["drift"]["billed"] - totals["drift"]["estimated"] == 3
    (money,) = totals["money"]
    assert money["currency"] == "CNY"
    assert Decimal(money["unsettled"]) > Decimal(money["settled"]) > 0
    assert [group["name"] for group in written["groups"]] == ["team-a", "team-b", None]
    for key in ("calls", "refused", "unsettled", "released", "unpriced"):
        assert sum(group[key] for group in written["groups"]) == totals[key]
    whys = {(reason["state"], reason["why"]) for reason in written["reasons"]}
    assert whys == {("open", ""), ("refused", "temperature.range"), ("refused", "budget 0 CNY/day")}


def test_a_name_from_a_request_does_nothing_to_a_terminal(call: Caller, path: Path) -> None:
    Guard(ledger=path, tag="\u202eb").admit({**CHAT, "model": "\x1b[31mred"}).settle(5, 5)
    for by, shown in (("model", "\\u001b[31mred"), ("tag", "\\u202eb")):
        out = call("ledger", path, "--by", by).out
        assert shown in out
        assert not {"\x1b", "\u202e"} & set(out)


def test_what_was_counted_in_place_of_a_usage_is_told(call: Caller, path: Path) -> None:
    admission = Guard(ledger=path, tag="team-a").admit(CHAT)
    admission.end(Ending(state="unmetered", output_counted=1200, counted_nano=3_000_000))
    totals = call("ledger", path, "--json").json["totals"]
    assert (totals["counted"], totals["output_tokens"]["counted"]) == (1, 1200)
    assert totals["money"][0]["counted"] == "0.003"
    told = "comes to 0.003 CNY by the 1,200 tokens that were heard (modelled)."
    assert f"1 call without a final usage {told}" in call("ledger", path).out


def test_a_table_for_people(call: Caller, path: Path) -> None:
    answer = call("ledger", path, "--by", "model")
    assert answer.code == 0
    assert "someones" in answer.out
    assert "qwen-plus" in answer.out
    assert "1 call has no known price and no part in a sum." in answer.out
    assert "not sent" in answer.out


def test_a_page(call: Caller, path: Path, tmp_path: Path) -> None:
    page = tmp_path / "ledger.html"
    assert call("ledger", path, "--by", "tag", "--html", page).code == 0
    text = page.read_text("utf-8")
    assert "team-a" in text
    assert "temperature.range" in text


def test_report_reads_its_json(call: Caller, path: Path, tmp_path: Path) -> None:
    written = tmp_path / "ledger.json"
    written.write_text(call("ledger", path, "--by", "tag", "--json").out, "utf-8")
    assert call("report", written).out == call("ledger", path, "--by", "tag").out
    for lang in ("en", "zh"):
        one, other = tmp_path / "one.html", tmp_path / "other.html"
        call("report", written, "--html", one, "--lang", lang)
        call("ledger", path, "--by", "tag", "--html", other, "--lang", lang)
        assert one.read_bytes() == other.read_bytes()
    assert "is a ledger" in one_line(call("report", path))
    assert "it is for runs" in one_line(call("report", written, "--junit", "-"))


def test_standard_output_has_one_thing(call: Caller, path: Path) -> None:
    page = call("ledger", path, "--html", "-").out
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    one_line(call("ledger", path, "--html", "-", "--json"))


def test_a_page_that_cannot_be_written_is_one_line(
    call: Caller, path: Path, tmp_path: Path
) -> None:
    for where in (".", tmp_path, tmp_path / "none" / "page.html"):
        answer = call("ledger", path, "--html", where)
        assert (answer.code, answer.err.count("\n")) == (2, 1)
        assert "team-a" in call("ledger", path, "--by", "tag", "--html", where).out


def test_a_day_to_begin_with(call: Caller, path: Path) -> None:
    assert call("ledger", path, "--since", "2020-01", "--json").json["totals"]["calls"] == 3
    later = call("ledger", path, "--since", "2999-01-01", "--json").json
    assert (later["totals"]["calls"], later["totals"]["money"], later["groups"]) == (0, [], [])
    assert call("ledger", path, "--since", "2999-01-01").out == "no calls\n"


@pytest.mark.parametrize(
    "where",
    [
        "none.db",
        "README.md",
        ".",
        "mysql://me:secret@host/db",
        "postgresql://me:secret@h:port/d",
        "postgresql://me:secret@127.0.0.1:1/db",
    ],
)
def test_what_is_no_ledger_is_one_line(call: Caller, where: str) -> None:
    assert "secret" not in one_line(call("ledger", where))


def test_a_wrong_option_is_one_line(call: Caller, path: Path) -> None:
    assert "2020-13" in one_line(call("ledger", path, "--since", "2020-13"))
