"""A task that is cancelled within an operation of the store leaves no open connection and no partial change."""

import asyncio
import gc
from pathlib import Path

import pytest

from storage.records import NewJob, NewReference
from storage.store import Store


def job(number: int) -> NewJob:
    return NewJob(
        idempotency_key=f"message:{number}",
        chat_id=5,
        message_id=number,
        user_id=1,
        language="en",
        provider="fake",
        prompt="a fox",
        options={},
        references=(NewReference("file", number),),
    )


async def turns(count: int) -> None:
    """Let the event loop run this many rounds."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("write", [True, False])
async def test_cancelled_at_any_moment(tmp_path: Path, *, write: bool) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    done = []
    for moment in range(60):
        work = asyncio.create_task(store.jobs.add(job(moment), 0) if write else store.jobs.get(1))
        # The first rounds are quick; later ones wait for the driver's thread.
        await turns(moment % 30)
        await asyncio.sleep(0.0005 * (moment // 30))
        work.cancel()
        (outcome,) = await asyncio.gather(work, return_exceptions=True)
        assert outcome is None or not isinstance(outcome, Exception)
        found = await store.jobs.made_by(f"message:{moment}")
        if found:
            assert len(await store.references.of_job(found.id)) == 1
        done.append(outcome)
    # No lock is left: a writer starts at once.
    async with asyncio.timeout(20):
        assert await store.jobs.add(job(1000), 0)
    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in done)
    await store.aclose()
    # A connection left open would cause a warning here.
    gc.collect()
