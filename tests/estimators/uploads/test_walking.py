"""Which files stand under some paths, and what is told of the others."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tokenassay.estimators.uploads.walking import LeftOut, walk


def walked(*paths: str | Path) -> tuple[dict[str, str | None], LeftOut]:
    left_out = LeftOut()
    found = list(walk(map(str, paths), left_out))
    assert len({str(one.path) for one in found}) == len(found)
    return {one.path.name: one.why for one in found}, left_out


def test_folders_are_walked_in_order_and_links_in_them_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("z.txt", "a/y.txt", "a/b/x.txt", ".hidden", ".git/config"):
        (tmp_path / name).write_text("a")
    (tmp_path / "a/b/loop").symlink_to(tmp_path / "a")
    (tmp_path / "a/link.txt").symlink_to("y.txt")
    found, left_out = walked(tmp_path)
    assert found == {"z.txt": None, "link.txt": None, "y.txt": None, "x.txt": None}
    assert left_out.hidden == 2
    assert left_out.linked == [str(tmp_path / "a/b/loop")]


def test_what_is_named_twice_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    left_out = LeftOut()
    twice = [str(tmp_path), str(path), os.path.join(tmp_path, ".", "a.txt")]
    assert len(list(walk(twice, left_out))) == 1


def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "broken.pdf").symlink_to("gone")
    (tmp_path / "zero.pdf").symlink_to("/dev/zero")
    (tmp_path / "circle.pdf").symlink_to("circle.pdf")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket.pdf"))
        found, _ = walked(tmp_path, tmp_path / "gone.pdf")
    assert found == {
        "pipe.pdf": "is a pipe",
        "broken.pdf": "links to what is not there",
        "zero.pdf": "is a device",
        "circle.pdf": "Too many levels of symbolic links",
        "socket.pdf": "is a socket",
        "gone.pdf": "no such file",
    }


def test_a_folder_that_can_not_be_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.txt").write_text("a")
    scan = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)  # root may look into everything
    assert walked(tmp_path)[0] == {"a.txt": None, "closed": "Permission denied (a folder)"}
