"""The installed package works without the checkout and the test tools, from any folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.demo.ports import free_port

ROOT = Path(__file__).parents[2]
SOURCES = ("bot", "providers", "storage", "pyproject.toml", "README.md", "LICENSE")
RECORDS_WRITES = """
import os, sys

FILE = os.open(os.environ["WRITES_TO"], os.O_WRONLY | os.O_APPEND)

def record(event, arguments):
    writes = event == "open" and arguments[2] and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event in ("sqlite3.connect", "os.mkdir", "os.rename"):
        os.write(FILE, f"{arguments[0]}\\n".encode())

sys.addaudithook(record)
"""
TOOLS = ("_pytest", "hypothesis", "playwright", "pytest", "pytest_asyncio", "tests", "xdist")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the package is installed, built from a copy of its sources."""
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "copy"
    copy.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-build-isolation", "--no-index", "--no-compile", "--target", str(folder / "site")]
    subprocess.run([*pip, *alone, str(copy)], check=True, capture_output=True, text=True)
    return folder / "site"


@pytest.fixture
def bare(site: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds the installed package and its dependencies, but no test tools."""
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    for name in TOOLS:
        (blocked / f"{name}.py").write_text("raise ImportError('not in a bare environment')\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(blocked), str(site)]), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def writes(bare: dict[str, str], tmp_path: Path) -> Path:
    """The file that gets the names of all files and folders that such a process opens for writing, or makes."""
    (tmp_path / "blocked" / "sitecustomize.py").write_text(RECORDS_WRITES)
    record = tmp_path / "writes"
    record.touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    bare |= {"WRITES_TO": str(record), "TMPDIR": str(temporary), "HOME": "/nonexistent"}
    return record


def test_the_demo_runs_from_any_folder_and_writes_only_where_it_may(
    site: Path, bare: dict[str, str], writes: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, str(site / "bin" / "imagine-bot"), "demo", "--say", "a red fox in the snow --n 4"]
    run = subprocess.run(command, cwd=elsewhere, env=bare, capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "✅ 4 pictures" in run.stdout
    album = sorted((elsewhere / "demo-album").iterdir())
    assert [path.name for path in album] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    with Image.open(album[0]) as picture:
        assert picture.format == "JPEG"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["demo-album"]
    written = {Path(line) for line in writes.read_text().splitlines()}
    assert any(path.suffix == ".db" for path in written)
    allowed = (tmp_path / "temporary", Path("demo-album"), elsewhere / "demo-album", Path("/dev"))
    assert {path for path in written if not any(path.is_relative_to(folder) for folder in allowed)} == set()


def test_health_is_asked_without_loading_the_bot(site: Path, bare: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-X", "importtime", str(site / "bin" / "imagine-bot"), "health"]
    settings = {"BOT_TELEGRAM__TOKEN": "1:a", "BOT_WEB__PORT": str(port)}
    run = subprocess.run(command, cwd=tmp_path, env={**bare, **settings}, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"does not answer on 127.0.0.1:{port}" in run.stderr
    assert "pydantic" in run.stderr
    assert "aiogram" not in run.stderr
    assert "sqlalchemy" not in run.stderr


def test_what_is_no_code_is_installed_too(site: Path, bare: dict[str, str], tmp_path: Path) -> None:
    where = "import bot, providers, storage; print(bot.__file__, providers.__file__, storage.__file__)"
    told = subprocess.check_output([sys.executable, "-c", where], cwd=tmp_path, env=bare, text=True)
    assert all(Path(file).is_relative_to(site) for file in told.split())
    for pattern in (
        "bot/demo/page/*",
        "bot/locales/**/*.po",
        "providers/simulators/pictures/**/*",
        "storage/**/*.mako",
    ):
        here = {path.relative_to(ROOT) for path in ROOT.glob(pattern) if path.is_file() and path.suffix != ".pyc"}
        assert here
        assert {path for path in here if not (site / path).is_file()} == set()
