"""When Alembic is loaded, and what it finds."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from storage.database import UnusableStoreError
from storage.migrate import MIGRATIONS, head
from storage.store import Store
from tests.support.blank_database import put_blank_database

OPENS = """
import asyncio, sys
from storage.store import Store

async def opened() -> None:
    await (await Store.open(sys.argv[1])).aclose()

asyncio.run(opened())
print("alembic" in sys.modules)
"""


def test_the_newest_revision_is_alembics() -> None:
    assert head() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


@pytest.mark.parametrize("migrated", [True, False])
def test_alembic_is_loaded_only_where_there_is_something_to_migrate(tmp_path: Path, migrated: bool) -> None:
    if migrated:
        put_blank_database(tmp_path / "bot.db")
    opened = [sys.executable, "-c", OPENS, f"sqlite:///{tmp_path}/bot.db"]
    loaded = subprocess.run(opened, check=True, capture_output=True, text=True, timeout=60).stdout
    assert loaded.strip() == str(not migrated)


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    put_blank_database(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(UnusableStoreError, match=r"written by a newer version of the bot: .*9999"):
        await Store.open(f"sqlite:///{file}")
