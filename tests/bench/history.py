"""Measures a page of the history and a search in one person's prompts among a million pictures on each database."""

import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text

from storage.database import Transaction
from storage.history import NEWEST, HistoryFilter, Step
from storage.schema import jobs, pictures, tasks
from storage.store import Store
from tests.bench.figures import databases, percentile

PICTURES = 1_000_000
HEAVY, HEAVY_PICTURES = 1, 9_000
PEOPLE = 5_000
ASKED = 300
WORDS = (
    "fox",
    "snow",
    "red",
    "owl",
    "night",
    "city",
    "lighthouse",
    "dusk",
    "watercolour",
    "cat",
    "猫",
    "狐狸",
    "雪地",
    "夜晚",
)
SEARCHES = (("fox",), ("watercolour", "city"), ("狐狸",), ("nowhere",))


def rows(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Rows of a job, a task and a picture each, of many people and of one with many pictures."""
    source = random.Random(7)
    for number in range(1, count + 1):
        person = HEAVY if number % (count // HEAVY_PICTURES) == 0 else source.randrange(2, PEOPLE)
        prompt = "a " + " ".join(source.choices(WORDS, k=6)) + f" {number}"
        at = float(number)
        common = {"id": number, "user_id": person}
        yield (
            {**common, "state": "delivered", "chat_id": person, "message_id": number,
             "idempotency_key": f"{person}:{number}", "language": "en", "provider": "jimeng", "prompt": prompt,
             "options": {}, "created_at": at, "finished_at": at},
            {**common, "job_id": number, "provider": "jimeng", "state": "done", "options": {}, "queued_at": at},
            {**common, "job_id": number, "task_id": number, "chat_id": person, "photo_id": f"AgAC{number}",
             "url": f"https://pictures/{number}", "created_at": at},
        )  # fmt: skip


async def fill(store: Store, count: int = PICTURES, step: int = 20_000) -> None:
    """Insert them in large batches."""
    everything = rows(count)
    for _ in range(0, count, step):
        batch = [row for row, _ in zip(everything, range(step), strict=False)]
        await store.database.write(partial(_insert, batch))
    # The server does so by itself after a while.
    await store.database.fetch(text("ANALYZE" if store.database.backend.alone else "VACUUM ANALYZE"))


async def _insert(batch: list[Any], connection: Transaction) -> None:
    for place, table in enumerate((jobs, tasks, pictures)):
        of_table = [row[place] for row in batch]
        await connection.execute(insert(table).values({name: bindparam(name) for name in of_table[0]}), of_table)


async def timed(questions: Iterable[Any]) -> list[float]:
    """Milliseconds for each of these coroutines, one after another."""
    found = []
    for question in questions:
        started = time.perf_counter()
        await question
        found.append((time.perf_counter() - started) * 1000)
    return found


async def scan(store: Store, user_id: int, word: str) -> None:
    """The baseline: the same question without an index."""
    # No index that has the prompts has the language, too.
    person = (func.abs(jobs.c.user_id) == user_id, jobs.c.language == "en")
    match = select(func.count()).select_from(jobs).where(*person, jobs.c.prompt.icontains(word))
    await store.database.fetch(match)


async def measure(name: str, url: str) -> None:
    """Fill a database and print the times of its queries."""
    store = await Store.open(url)
    started = time.perf_counter()
    await fill(store)
    say = sys.stdout.write
    say(f"{name}: {PICTURES:,} pictures of {PEOPLE:,} people, one with {HEAVY_PICTURES:,} ")
    say(f"(filled in {time.perf_counter() - started:.0f} s)\n")
    source = random.Random(8)
    base = await timed(scan(store, source.randrange(2, PEOPLE), "fox") for _ in range(10))
    middle = percentile(base, 0.5)
    say(f"  {'unindexed scan (baseline)':<34} p50 {middle:7.2f} ms\n")
    groups: dict[str, Callable[[], int]] = {
        "anybody": lambda: source.randrange(2, PEOPLE),
        "the heavy one": lambda: HEAVY,
    }
    for who, people in groups.items():
        newest = [await store.history.page(HistoryFilter(people())) for _ in range(ASKED)]
        steps = [
            (page.picture.user_id, source.choice((NEWEST, Step(page.picture.id, "older")))) for page in newest if page
        ]
        pages = await timed(store.history.page(HistoryFilter(person), step) for person, step in steps)
        found = await timed(
            store.history.page(HistoryFilter(people(), words=source.choice(SEARCHES))) for _ in range(ASKED)
        )
        for what, taken in ((f"a page of {who}", pages), (f"a search of {who}", found)):
            p50, p99 = percentile(taken, 0.5), percentile(taken, 0.99)
            say(f"  {what:<34} p50 {p50:7.2f} ms, p99 {p99:7.2f} ms ({p50 / middle:.2%} of the scan)\n")
    await store.aclose()


async def main() -> None:
    """Both databases."""
    with databases() as urls:
        for name, url in urls.items():
            await measure(name, url)
