"""What the database does when those who use it are cancelled, as at every stop of the bot."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database import Database


@pytest.mark.parametrize("way", ["read", "write"])
async def test_cancelling_gives_the_connection_back(tmp_path: Path, way: str) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/bot.db")

    async def use() -> None:
        async with getattr(database, way)() as connection:
            await connection.execute(text("SELECT 1"))

    await use()
    for steps in range(200):
        work = asyncio.create_task(use())
        for _step in range(steps % 40):
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.wait({work})
    assert "Current Checked out connections: 0" in database._engine.pool.status()
    await database.aclose()
