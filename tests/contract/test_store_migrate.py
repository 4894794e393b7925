"""When Alembic is loaded, and what it finds."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from storage.database import UnusableStoreError
from storage.migrate import MIGRATIONS, newest_revision
from storage.store import Store
from tests.support.blank_database import put_blank_database

ROOT = Path(__file__).parents[2]
OPENS = """
import asyncio, sys
from storage.store import Store

async def opened() -> None:
    await (await Store.open(sys.argv[1])).aclose()

asyncio.run(opened())
print([name for name in ("alembic", "sqlalchemy.orm") if name in sys.modules])
"""


def loaded_by_opening(url: str) -> str:
    """What a process that opens this database has loaded of what only migrations need."""
    command = [sys.executable, "-c", OPENS, url]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_the_newest_revision_is_alembics() -> None:
    assert newest_revision() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_a_migrated_database_is_opened_without_alembic(database_url: str) -> None:
    assert loaded_by_opening(database_url) == "[]"


def test_a_new_database_is_opened_with_it(tmp_path: Path) -> None:
    assert "alembic" in loaded_by_opening(f"sqlite:///{tmp_path}/bot.db")


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    put_blank_database(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(UnusableStoreError, match=r"written by a newer version of the bot: .*9999"):
        await Store.open(f"sqlite:///{file}")
