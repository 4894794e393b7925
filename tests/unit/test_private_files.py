"""The database and all files beside it are their owner's alone, from the moment they are made."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.backup import back_up
from storage.copy import copy_database
from storage.store import Store


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Nothing is taken from the mode that a program asks for."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def late_changes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose modes were changed after they were made."""
    changed, chmod = [], Path.chmod

    def noted(path: Path, mode: int) -> None:
        changed.append(path)
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", noted)
    return changed


def modes(folder: Path) -> dict[str, str]:
    return {path.name: f"{path.stat().st_mode & 0o777:o}" for path in folder.iterdir()}


async def test_all_that_a_bot_makes(tmp_path: Path, late_changes: list[Path]) -> None:
    folder = tmp_path / "new" / "data"
    store = await Store.open(f"sqlite:///{folder}/bot.db")
    await store.workers.join(1.0)
    assert modes(folder) == dict.fromkeys(("bot.db", "bot.db-shm", "bot.db-wal", "bot.db.lock"), "600")
    assert modes(folder.parent) == {"data": "700"}
    await store.aclose()
    await back_up(f"sqlite:///{folder}/bot.db", tmp_path / "backup.db", {})
    await copy_database(f"sqlite:///{folder}/bot.db", f"sqlite:///{tmp_path}/copy/bot.db", lambda _progress: None)
    assert {"700", "600"} == set(modes(tmp_path).values())
    assert set(modes(tmp_path / "copy").values()) == {"600"}
    assert late_changes == []


async def test_a_database_of_an_earlier_version(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "bot.db").touch(0o644)
    (tmp_path / "bot.db.lock").touch(0o664)
    caplog.set_level("INFO")
    await (await Store.open(f"sqlite:///{tmp_path}/bot.db")).aclose()
    assert modes(tmp_path) == {"bot.db": "600", "bot.db.lock": "600"}
    assert caplog.text.count("now only its owner can") == 2


async def test_a_file_of_another_user_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot.db").touch(0o660)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    await (await Store.open(f"sqlite:///{tmp_path}/bot.db")).aclose()
    assert modes(tmp_path) == {"bot.db": "660"}
    assert "it belongs to another user" in caplog.text
