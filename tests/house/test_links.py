"""A checkout that lost its symbolic links still finds its rooms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.tree import copy, python


@pytest.mark.parametrize("left_behind", ["nothing", "a text file"])
def test_a_tree_without_links_counts_a_file(tmp_path: Path, left_behind: str) -> None:
    tree = copy(tmp_path / "tree")
    links = [path for path in (tree / "src/tokenassay").iterdir() if path.is_symlink()]
    assert links
    for link in links:
        target = str(link.readlink())
        link.unlink()
        if left_behind == "a text file":  # as git writes a link where the system has none
            link.write_text(target)
    (tmp_path / "text").write_text("苹果", encoding="utf-8")
    where = python("-c", _WHERE, cwd=tmp_path, path=tree / "src").stdout.strip()
    assert Path(where).is_relative_to(tree)
    counted = python(
        "-m", "tokenassay", "count", "--quiet", "text", cwd=tmp_path, path=tree / "src"
    )
    assert counted.stdout == "1\n"


_WHERE = "import tokenassay.estimators.tokens as room; print(room.__file__)"
