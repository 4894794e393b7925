"""Search in people's prompts, on each database: which words are found, and that no rows are read for it."""

import random
from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy import bindparam, insert, literal, text

from storage.database import Transaction
from storage.history import HistoryFilter
from storage.records import NewPicture
from storage.schema import jobs
from storage.store import Store
from tests.support.raw_database import connected
from tests.support.stored_jobs import ANN, MING, finished, new_job, run

GROWING = "\u023a\u023e"
"""Letters of two bytes; in lower case they have three."""
PLANS = {
    "sqlite": ["SEARCH jobs USING COVERING INDEX ix_jobs_prompt (user_id=?)"],
    "postgresql": ["Index Only Scan using ix_jobs_short_prompt", "ix_jobs_long_prompt"],
}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def found(store: Store, *words: str) -> int:
    page = await store.history.page(HistoryFilter(ANN, words=words))
    return page.count if page else 0


@pytest.mark.parametrize("length", [500, 501, 1360], ids=["short", "long", "longest"])
async def test_a_prompt_of_any_length_is_found(store: Store, length: int) -> None:
    letters = random.Random(length)
    await finished(store, 1, "".join(letters.choices(GROWING, k=length - 3)) + "owl")
    await finished(store, 2, "".join(chr(letters.randrange(0x4E00, 0x9FFF)) for _ in range(length - 3)) + "狐狸 ")
    await finished(store, 3, "a fox" + "".join(chr(letters.randrange(0x20000, 0x2A6DF)) for _ in range(length)))
    assert [await found(store, word) for word in ("owl", "狐狸", "fox", "cat")] == [1, 1, 1, 0]


@pytest.mark.parametrize("prompt", ["50% off", "a_b", "C:\\fox", "\\", "either/or", "/", "it's"])
async def test_every_character_stands_for_itself(store: Store, prompt: str) -> None:
    await finished(store, 1, prompt)
    await finished(store, 2, "50 percent, aXb, C:fox, eitheror, its")
    assert await found(store, prompt) == 1
    assert await found(store, *prompt) == 1


@pytest.mark.parametrize(("word", "everywhere"), [("FOX", True), ("fOx", True), ("ЛИСА", False), ("лиса", True)])
async def test_case_is_ignored(store: Store, word: str, everywhere: bool) -> None:
    """SQLite ignores that of ASCII letters only."""
    await finished(store, 1, "a Fox, лиса")
    assert await found(store, word) == (everywhere or not store.database.backend.alone)


async def test_a_search_finds_ones_own(store: Store) -> None:
    await finished(store, 1, "a fox")
    await finished(store, 2, "a fox", user_id=MING)
    await finished(store, 3, "a fox", chat_id=-9)
    assert await found(store, "fox") == 2
    here = await store.history.page(HistoryFilter(ANN, chat_id=-9, words=("fox",)))
    assert here
    assert (here.picture.chat_id, here.count) == (-9, 1)
    moments = await store.history.moments(HistoryFilter(ANN, words=("fox",)))
    assert [at for _, at in moments] == [13, 11]


async def test_a_search_does_not_read_the_rows(store: Store, database_url: str) -> None:
    is_postgres = not store.database.backend.alone
    await store.database.write(partial(_add_many, is_postgres))
    if is_postgres:
        await store.database.fetch(text("VACUUM ANALYZE jobs"))
    query = store.database.backend.search(literal(ANN), [literal("fox"), literal("owl")])
    async with connected(database_url) as connection:
        dialect = connection.dialect
        sql = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
        rows = (await connection.exec_driver_sql(f"{explain} {sql}")).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    assert all(part in plan for part in PLANS[dialect.name]), plan


async def _add_many(is_postgres: bool, connection: Transaction) -> None:
    if is_postgres:
        # VACUUM can't mark rows as visible to all whose commit is not on the disk; the tests' server is in no hurry.
        await connection.execute(text("SET LOCAL synchronous_commit = on"))
    common = {"state": "delivered", "chat_id": 1, "language": "en", "provider": "jimeng", "options": {}}
    rows = [
        {**common, "user_id": ANN + number % 20, "prompt": f"a fox {number}", "created_at": number, "finished_at": 1.0}
        for number in range(4000)
    ]
    await connection.execute(insert(jobs).values({name: bindparam(name) for name in rows[0]}), rows)


async def test_pictures_with_words_of_their_own_are_found_by_these(store: Store) -> None:
    await finished(store, 1, "a red owl in snow")
    job = await store.jobs.add(new_job(2, prompt="{Red, 蓝} fox", choices=["Red fox", "蓝 fox"]), 2)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}, {}], [], 2, prompts=job.choices or [])
    for number in (3, 4):
        task = await run(store, number)
        await store.tasks.finish_task(task.id, [NewPicture(url=f"https://pictures/{number}")], number)
    searches = [("red",), ("fox",), ("蓝", "fox"), ("red", "蓝"), ("{",), ("FOX",), ("owl",)]
    assert [await found(store, *words) for words in searches] == [2, 2, 1, 0, 0, 2, 1]
    newest = await store.history.page(HistoryFilter(ANN))
    assert newest
    assert newest.prompt == "蓝 fox"
    (exported,) = [page async for page in store.exports.pictures(ANN)]
    assert [one.prompt for one in exported] == ["a red owl in snow", "Red fox", "蓝 fox"]
    details = await store.pictures.details(newest.picture)
    assert (details.prompt, details.number, details.count) == ("蓝 fox", 2, 2)
