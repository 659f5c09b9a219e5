"""A Ray cluster gives the figures of one machine; stores are read like files."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path
from typing import get_args

import pytest
import zstandard

from tests.estimators.batches.making import chat, write
from tokenassay.estimators.batches import Asked, count_files, summary
from tokenassay.estimators.batches.stores import SourceError, files_at, is_url, open_at, size_at
from tokenassay.estimators.batches.tallies import By


def lines(name: str, count: int) -> list[str]:
    """Lines of several models, some of which are bad, refused or told twice."""
    models = ("qwen-plus", "qwen-turbo", "qwen-max")
    good = [
        chat(f"{name}-{number % 97}", f"{name} 苹果 {number} " * (number % 7), models[number % 3])
        for number in range(count)
    ]
    return [*good, "{", chat("hot", temperature=9), '{"text": "三个苹果"}']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Plain, packed, empty and damaged files, one of them in a folder below."""
    root = tmp_path / "prompts"
    (root / "more").mkdir(parents=True)
    write(root / "a.jsonl", lines("a", 900))
    write(root / "more" / "b.jsonl", lines("b", 400))
    packed = "\n".join(lines("c", 300)).encode()
    (root / "c.jsonl.gz").write_bytes(gzip.compress(packed))
    (root / "d.jsonl.zst").write_bytes(zstandard.compress(packed))
    (root / "e.jsonl.gz").write_bytes(gzip.compress(packed)[:-20])
    (root / "f.jsonl").touch()
    (root / "notes.txt").write_text("not a file of lines")
    return root


@pytest.mark.slow
def test_a_cluster_of_two_workers_gives_the_same_to_the_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    from tokenassay.estimators.batches import cluster

    monkeypatch.setattr(cluster, "PART_BYTES", 4096)  # so that files have many parts
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    missing = str(folder / "gone.jsonl")
    paths = [*files_at([str(folder)]), missing]
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        for by in (None, *get_args(By)):
            here = summary(count_files(paths, Asked(), by=by, workers=1), grouped=True)
            there = cluster.count_on_ray([str(folder), missing], Asked(), by=by, workers=2)
            assert summary(there, grouped=True) == here
        assert here["lines"] > 1600
        assert ray.is_initialized(), "a cluster that was there is left as it was"
        url = cluster.count_on_ray([folder.as_uri()], Asked(model="qwen-plus"))
        local = count_files(files_at([folder.as_uri()]), Asked(model="qwen-plus"), workers=1)
        assert summary(url) == summary(local)
        assert url.files[0].file.startswith("file://")
    finally:
        ray.shutdown()


def test_a_url_is_read_like_a_file(folder: Path) -> None:
    path = folder / "a.jsonl"
    assert is_url(path.as_uri())
    assert not is_url(str(path))
    assert not is_url("C://prompts.jsonl")
    assert size_at(path.as_uri()) == size_at(str(path)) == path.stat().st_size
    by_path = summary(count_files([str(path)], workers=1))
    by_url = summary(count_files([path.as_uri()], workers=2))
    renamed = {**by_url, "files": by_path["files"]}
    assert by_url["input_tokens"] > 0
    for key in ("lines", "input_tokens", "basis", "cost", "distribution", "clauses"):
        assert renamed[key] == by_path[key]
    with open_at(path.as_uri()) as file:
        file.seek(10)
        assert file.readline() == path.read_bytes().partition(b"\n")[0][10:] + b"\n"


def test_a_folder_stands_for_its_files_of_lines(folder: Path) -> None:
    names = ["a.jsonl", "c.jsonl.gz", "d.jsonl.zst", "e.jsonl.gz", "f.jsonl", "more/b.jsonl"]
    assert files_at([str(folder)]) == [str(folder / name) for name in names]
    assert files_at([folder.as_uri()]) == [(folder / name).as_uri() for name in names]
    assert files_at(["x", "x", "y"]) == ["x", "y"]
    assert files_at(["nosuch://a/b.jsonl"]) == ["nosuch://a/b.jsonl"]  # told when it is opened
    whole = summary(count_files([str(folder)], workers=1))
    assert whole == summary(count_files(files_at([str(folder)]), workers=1))
    assert [Path(file["file"]).name for file in whole["files"]] == [Path(n).name for n in names]


def test_names_in_a_store_are_written_as_urls_have_them(tmp_path: Path) -> None:
    odd = tmp_path / "a b%" / "x+#?\u00fc.jsonl"
    odd.parent.mkdir()
    write(odd, ['{"text": "hi"}'])
    (found,) = files_at([tmp_path.as_uri()])
    assert found == odd.as_uri()
    assert size_at(found) == odd.stat().st_size


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nobody_listens_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    from tokenassay.estimators.batches import cluster

    with socket.socket() as taken:  # bound, but it does not listen
        taken.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        with pytest.raises(cluster.ClusterError, match=f"no Ray cluster at {address}: "):
            cluster.count_on_ray([])


@pytest.mark.parametrize("form", [str, Path.as_uri])
def test_a_folder_without_any_is_told(tmp_path: Path, form: object) -> None:
    assert callable(form)
    with pytest.raises(SourceError, match=r"no files that end with \.jsonl"):
        files_at([form(tmp_path)])


@pytest.mark.parametrize("url", ["file:///no/such/file.jsonl", "nosuch://a/b.jsonl"])
def test_a_url_that_cannot_be_read_is_one_line(url: str) -> None:
    with pytest.raises(SourceError) as told:
        open_at(url)
    assert str(told.value).startswith(url)
    assert "\n" not in str(told.value)
