"""The wheel, built by way of the source distribution, holds every room and its data."""

from __future__ import annotations

import json
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, copy, python, run

pytestmark = pytest.mark.xdist_group("wheel")  # built once, not once a worker


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, from a source distribution of a copy of the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = copy(folder / "tree")
    python("-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), cwd=tree)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def interpreter(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, and its dependencies from where the tests run, but no tree."""
    folder = tmp_path_factory.mktemp("clean")
    python("-m", "venv", "--without-pip", str(folder), cwd=folder)
    scripts = "Scripts" if (folder / "Scripts").is_dir() else "bin"
    made = folder / scripts / "python"
    site = Path(run(str(made), "-c", _SITE, cwd=folder).stdout.strip())
    python("-m", "pip", "--python", str(made), *_INSTALL, str(wheel), cwd=folder)
    # A path in a .pth file is searched as it is: the editable install's own .pth is not followed.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return made


_SITE = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
_INSTALL = ("install", "--quiet", "--no-deps", "--no-index")
_IMPORT_ALL = """
import importlib, json, pkgutil, tokenassay
names = [m.name for m in pkgutil.walk_packages(tokenassay.__path__, "tokenassay.")]
print(json.dumps({n: importlib.import_module(n).__file__ for n in names if "__main__" not in n}))
"""


def test_every_module_is_imported_from_the_wheel(interpreter: Path, tmp_path: Path) -> None:
    found = json.loads(run(str(interpreter), "-c", _IMPORT_ALL, cwd=tmp_path).stdout)
    in_tree = {
        ".".join(("tokenassay", *path.relative_to(base).with_suffix("").parts))
        for base in (ROOT, ROOT / "src" / "tokenassay")
        for room in ("contracts", "estimators", "conformance", "reports", "guard", "cli")
        for path in (base / room).rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert in_tree <= set(found)
    site = interpreter.parent.parent
    assert [name for name, file in found.items() if not Path(file).is_relative_to(site)] == []


def test_the_command_of_the_wheel_counts_and_finds_its_data(
    interpreter: Path, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("苹果", encoding="utf-8")
    command = str(interpreter.parent / "tokenassay")
    assert run(command, "count", "--quiet", "text", cwd=tmp_path).stdout == "1\n"
    listed = json.loads(run(command, "contracts", "--json", cwd=tmp_path).stdout)["editions"]
    in_tree = {path.stem for path in (ROOT / "contracts/data/editions").glob("*.yaml")}
    assert {edition["edition"] for edition in listed} == in_tree
    assert json.loads(run(command, "models", "--json", cwd=tmp_path).stdout)["models"]


def test_the_wheel_is_typed_and_holds_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "tokenassay/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {
        "tokenassay",
        f"{wheel.name.rsplit('-', 3)[0]}.dist-info",
    }
    assert not [name for name in names if "tests/" in name or name.endswith(".pyc")]
