"""Documents held to the clauses of an edition."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.house.tree import ROOT
from tokenassay.contracts.clauses import LimitClause, Quantity
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.errors import UnknownModel
from tokenassay.contracts.store import load_edition
from tokenassay.estimators.tokens import count_tokens
from tokenassay.estimators.uploads import Document, holding, judge_folder, read_text

DATA = ROOT / "tests/data/documents"
OLD = "qwen-long@2024-10"


def judged(*names: str, edition: str = OLD) -> dict[str, Document]:
    folder = judge_folder([str(DATA / name) for name in names], edition=edition)
    return {Path(one.path).name: one for one in folder.documents}


def clauses(document: Document) -> list[tuple[str | None, str | None]]:
    return [(fault.clause, fault.level) for fault in document.faults]


def test_a_folder_is_walked_and_summed() -> None:
    folder = judge_folder([str(DATA)], edition=OLD)
    found = {Path(one.path).name: one for one in folder.documents}
    assert set(found) == {path.name for path in DATA.iterdir()}
    assert folder.tokens == sum(one.tokens or 0 for one in folder.documents)
    assert found["guide.txt"].tokens == count_tokens(read_text(DATA / "guide.txt").text)
    for one in folder.documents:
        assert one.tokens is None or (one.tokens_min or 0) <= one.tokens
    amounts = folder.live.amounts["CNY"]
    assert amounts.input == Decimal("0.0005") * folder.tokens / 1000
    assert folder.batch.amounts["CNY"].input * 2 == amounts.input
    assert folder.calls.least == 1


def test_each_is_held_to_its_clauses() -> None:
    found = judged(
        *("guide.docx", "empty.txt", "blank.md", "scanned.pdf", "picture.png", "mislabelled.docx"),
        *("password.pdf", "truncated.pdf"),
    )
    assert clauses(found["guide.docx"]) == []
    for name in ("empty.txt", "blank.md", "scanned.pdf"):
        assert clauses(found[name]) == [("error.file_blank", "must")]
        assert "content blank" in str(found[name].faults[0].expect)
    assert clauses(found["picture.png"])[0] == ("files.images_refused", "must")
    assert clauses(found["mislabelled.docx"]) == [(None, None)]
    assert "its content is pdf" in found["mislabelled.docx"].faults[0].why
    for name in ("password.pdf", "truncated.pdf"):
        assert found[name].unread
        assert not found[name].refused
    open_now = judged("picture.png", edition="qwen-openai@2026")["picture.png"]
    assert clauses(open_now)[0] == ("files.formats", "unspecified")


def test_the_way_to_pass_each() -> None:
    found = judged("guide.docx", "guide.txt", "guide.epub", "guide.pdf", "picture.png")
    ways = {name: one.way for name, one in found.items()}
    assert ways == {
        "guide.docx": "JSON",
        "guide.txt": "text",
        "guide.epub": "file id",
        "guide.pdf": "JSON",
        "picture.png": None,
    }
    assert judged("guide.txt", edition="qwen-openai@2026")["guide.txt"].way == "file id"


def test_limits_of_files_are_none_of_a_model_that_knows_no_file_ids() -> None:
    names = ("guide.pdf", "notes.doc", "mislabelled.docx")
    folder = judge_folder([str(DATA / name) for name in names], "qwen-plus")
    for one in folder.documents:
        assert one.way == "text"
        assert all(fault.clause is None for fault in one.faults)
    assert folder.calls.files is None
    edition = load_edition("qwen-openai@2026")
    assert not list(holding.over(edition, "qwen-plus", "file_bytes", 10**12, "bytes"))
    assert list(holding.over(edition, "qwen-long", "file_bytes", 10**12, "bytes"))


@pytest.mark.parametrize("quantity", ["file_bytes", "file_pages", "account_files", "account_bytes"])
def test_limits_are_those_of_the_clauses(quantity: str) -> None:
    edition = load_edition(OLD)
    limit = edition.limit(quantity, "qwen-long")  # type: ignore[arg-type]
    assert limit is not None
    assert limit.maximum is not None
    least = min((limit.maximum, *limit.undecided))

    def level(amount: int) -> list[str | None]:
        found = holding.over(edition, "qwen-long", quantity, amount, "x")  # type: ignore[arg-type]
        return [fault.level for fault in found]

    assert level(least - 1) == []
    assert level(limit.maximum + 1) == ["must"]
    assert level(limit.maximum) == (["unspecified"] if limit.undecided else [])


def test_calls_are_those_that_both_readings_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("a")
    edition = load_edition(OLD)
    limit = edition.limit("files_per_request", "qwen-long")
    assert limit is not None
    small = replace(limit, maximum=3, undecided=(3,))
    monkeypatch.setattr(type(edition), "limit", lambda *_: small)
    calls = judge_folder([str(tmp_path)], edition=OLD).calls
    assert (calls.least, calls.files, calls.tokens) == (3, 2, 3)
    assert calls.clauses == ("documents.count", "documents.count")


def test_calls_count_what_can_be_passed_and_its_tokens() -> None:
    edition = load_edition(OLD)
    limit = edition.limit("input_tokens", "qwen-long")
    assert limit is not None
    assert limit.maximum is not None
    assert holding.calls(1, limit.maximum, edition, "qwen-long").least == 1
    assert holding.calls(1, limit.maximum + 1, edition, "qwen-long").least == 2
    assert holding.calls(99, 5, edition, "qwen-long").least == 1
    assert holding.calls(100, 5, edition, "qwen-long").least == 2
    assert holding.calls(0, 0, edition, "qwen-long").least == 0
    refused = [str(DATA / name) for name in ("empty.txt", "password.pdf", "picture.png")]
    assert judge_folder(refused, edition=OLD).calls.least == 0


def test_a_document_over_the_tokens_of_a_call_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("one two three four five")
    edition = load_edition(OLD)
    limit = edition.limit("input_tokens", "qwen-long")
    assert limit is not None
    whole = type(edition).limit

    def small(held: Edition, quantity: Quantity, model: str | None) -> LimitClause | None:
        found = whole(held, quantity, model)
        return replace(limit, maximum=4) if quantity == "input_tokens" else found

    monkeypatch.setattr(type(edition), "limit", small)
    (one,) = judge_folder([str(tmp_path)], edition=OLD).documents
    assert clauses(one) == [("input_tokens.limit", "must")]
    assert one.way is None


def test_a_file_over_the_limit_of_bytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(10**12)  # a hole: it takes no room
    (one,) = judge_folder([str(tmp_path)], edition=OLD).documents
    assert clauses(one) == [("files.bytes", "must")]
    assert one.unread


def test_an_image_is_held_to_the_limit_of_images(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes((DATA / "picture.png").read_bytes())
    for size, level in [(20_000_000, "unspecified"), (20_971_521, "must")]:
        os.truncate(path, size)
        (one,) = judge_folder([str(path)], edition="qwen-openai@2026").documents
        assert ("files.image_bytes", level) in clauses(one)
    (one,) = judge_folder([str(path)], edition=OLD).documents  # which has no such limit
    assert {clause for clause, _ in clauses(one)} == {"files.images_refused", None}


def test_a_scan_is_open_where_pictures_are() -> None:
    old = judged("scanned.pdf")["scanned.pdf"]
    assert (old.refused, old.tokens) == (True, 0)
    new = judged("scanned.pdf", edition="qwen-openai@2026")["scanned.pdf"]
    assert clauses(new) == [("files.formats", "unspecified")]
    assert new.unread


def test_a_sum_of_nothing_counted_is_unknown() -> None:
    folder = judge_folder([str(DATA / "password.pdf")], edition=OLD)
    assert (folder.tokens, folder.tokens_min) == (None, None)
    assert judge_folder([]).tokens == 0


def test_the_old_word_format_is_open_and_counted() -> None:
    found = judged("notes.doc", "notes.docx")
    old, new = found["notes.doc"], found["notes.docx"]
    assert clauses(old) == [("files.formats", "unspecified")]
    assert (old.way, new.way) == ("file id", "JSON")
    assert old.tokens_min is not None
    assert new.tokens_min is not None
    for one in (old, new):  # the notes, the header and the comment are in the upper end alone
        assert one.tokens is not None
        assert one.tokens > 1.5 * (one.tokens_min or 0)


def test_notes_of_the_reader_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("西红柿".encode("gb18030"))
    (one,) = judge_folder([str(tmp_path)], edition=OLD).documents
    assert [fault.why for fault in one.faults] == ["is not UTF-8: read as GB 18030"]
    assert one.way == "text"


@pytest.mark.parametrize("name", ["empty.pdf", "empty.docx", "empty.md"])
def test_an_empty_file_is_what_its_name_says(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    (one,) = judge_folder([str(tmp_path)], edition=OLD).documents
    assert clauses(one) == [("error.file_blank", "must")]
    assert one.kind == name.partition(".")[2]


def test_what_is_not_there_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = judge_folder([str(tmp_path / "gone.pdf"), str(DATA / "guide.txt")])
    gone, guide = folder.documents
    assert gone.faults[0].why == "can't be read: no such file"
    assert guide.tokens
    (tmp_path / ".hidden").write_text("a")
    (tmp_path / "log.xyz").write_text("a")
    (one,) = judge_folder([str(tmp_path)]).documents
    assert ("files.formats", "must") in clauses(one)
    with pytest.raises(UnknownModel):
        judge_folder([str(tmp_path)], "nope")
