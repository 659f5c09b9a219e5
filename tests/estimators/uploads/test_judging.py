"""Documents held to the clauses of an edition."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.house.tree import ROOT
from tokenassay.contracts.errors import UnknownModel
from tokenassay.contracts.store import load_edition
from tokenassay.estimators.tokens import count_tokens
from tokenassay.estimators.uploads import Document, judge_folder, judging, read_text

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
    assert folder.calls == 1


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


@pytest.mark.parametrize("quantity", ["file_bytes", "file_pages", "account_files", "account_bytes"])
def test_limits_are_those_of_the_clauses(quantity: str) -> None:
    edition = load_edition(OLD)
    limit = edition.limit(quantity, "qwen-long")  # type: ignore[arg-type]
    assert limit is not None
    assert limit.maximum is not None
    least = min((limit.maximum, *limit.undecided))

    def level(amount: int) -> list[str | None]:
        found = judging._over(edition, "qwen-long", quantity, amount, "x")  # type: ignore[arg-type]
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
    assert judge_folder([str(tmp_path)], edition=OLD).calls == 3


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
