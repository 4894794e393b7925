"""`imagine-bot copy`, as an operator uses it."""

import asyncio
import io
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.copy import ProgressLine
from storage.copy_rows import copied_tables
from storage.copy_steps import Progress
from storage.store import Store
from tests.support.any_rows import ROWS, fill_every_table
from tests.support.blank_database import put_blank_database
from tests.support.raw_database import connected

ALL = ROWS * len(copied_tables())
ROOT = Path(__file__).parents[2]
KILLED = """
import asyncio, os, signal, sys
from storage.copy import copy_database

left = 12

def report(progress):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(copy_database(*sys.argv[1:], report))
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filled") / "bot.db"
    put_blank_database(file)
    asyncio.run(_fill(file))
    return file


async def _fill(file: Path) -> None:
    async with connected(f"sqlite:///{file}") as connection:
        await connection.run_sync(fill_every_table)


@pytest.fixture
def config(filled: Path, tmp_path: Path) -> Path:
    """The configuration of a bot whose database has rows in every table."""
    shutil.copy(filled, tmp_path / "bot.db")
    config = tmp_path / "config.toml"
    config.write_text(f'[telegram]\ntoken = "1:a"\n[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n', encoding="utf-8")
    return config


def run(*arguments: object) -> int:
    return main([str(one) for one in arguments])


def opens(file: Path) -> None:
    async def opened() -> None:
        await (await Store.open(f"sqlite:///{file}")).aclose()

    asyncio.run(opened())


def test_there_and_undone(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("copy", "--config", config, "--to", f"sqlite:///{tmp_path}/new.db")
    assert run(*command) == 0
    said = capsys.readouterr()
    assert f"{ALL} rows are in sqlite:///" in said.out
    assert f"100% of {ALL} rows" in said.err
    opens(tmp_path / "new.db")
    assert run(*command) == 2
    assert "was moved to sqlite:///" in capsys.readouterr().err
    assert run("copy", "--config", config, "--undo") == 0
    assert "starts with sqlite:///" in capsys.readouterr().out
    opens(tmp_path / "bot.db")


def test_the_address_from_the_environment(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_COPY_TO", f"sqlite:///{tmp_path}/new.db")
    assert run("copy", "--config", config) == 0
    opens(tmp_path / "new.db")


def test_without_an_address_or_a_terminal(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run("copy", "--config", config) == 2
    assert "--to is missing" in capsys.readouterr().err


def test_a_killed_copy_goes_on(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ends = [f"sqlite:///{tmp_path}/{name}.db" for name in ("bot", "new")]
    killed = subprocess.run([sys.executable, "-c", KILLED, *ends], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert run("copy", "--config", config, "--to", ends[1]) == 0
    steps = capsys.readouterr().err
    assert "copying" in steps
    assert "(chats)" not in steps.partition("comparing")[0], "what was copied is not copied again"
    opens(tmp_path / "new.db")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "lines"), [(Terminal(), 1), (io.StringIO(), 3)])
def test_progress(stream: io.StringIO, lines: int) -> None:
    times = iter([0.0, 0.0, 1.0, 2.0, 7.0, 8.0])
    shown = ProgressLine(stream, lambda: next(times))
    for rows in (100, 200, 300, 800, 1000):
        shown(Progress("copying", "jobs", rows, 1000))
    shown.close()
    assert stream.getvalue().count("\n") == lines
    last = stream.getvalue().replace("\r", "\n").splitlines()[-1]
    assert last.startswith("copying   [########################] 100% of 1,000 rows, 112/s, 0:00 left (jobs)")
