"""The steps of a copy from one opened database to another: see `storage.copy`."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from storage.copy_end import REVISION, CopyEnd, Position
from storage.copy_marks import COPYING, MOVED, OTHER, SENTENCES
from storage.copy_rows import CopiedTable, Row, checksum, copied_tables
from storage.database import Database, StoreError, UnusableStoreError
from storage.schema import workers
from storage.store_errors import describe_error, is_temporary

log = logging.getLogger(__name__)

SOURCE, TARGET = "storage.url", "--to"
COPY_ID, STARTS, POSITION = "copy", "starts", "position of "
"""Names in `copy_state`: the id of the copy, in both databases; the number of starts on the source before it began; how
far a table is."""
NAMED = 5
"""So many rows are named in a line of the log."""
WORKERS = CopiedTable(workers)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a copy is. `step`: "copying" and "comparing", with the rows of `total` that are done; then "moving" and
    "opening".
    """

    step: str
    table: str = ""
    rows: int = 0
    total: int = 0


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did. `source`, `target`: their names; `counts`: rows by table; `changed`: rows with new texts."""

    source: str
    target: str
    counts: dict[str, int]
    changed: int


class Copy:
    """One copy. `run` does it."""

    def __init__(self, source: CopyEnd, target: CopyEnd, report: Report) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._state: dict[str, str] = {}
        self._is_resumed = False
        self._total = 0
        self._rows = 0
        self._changed = 0

    async def run(self) -> Copied:
        """Do all that is not done yet. Raises `StoreError` and `UnusableStoreError`."""
        await self._prepare()
        async with self._source.frozen():
            # One of an earlier version, which does not know the lock of copies, may have begun to start before it.
            await self._source.refuse_workers()
            self._total = sum([await self._source.count(table) for table in copied_tables()])
            positions = {table: await self._copy(table) for table in copied_tables()}
            self._rows = 0
            for table, position in positions.items():
                await self._compare(table, position)
                await self._number(table)
            await self._number(WORKERS)
            await self._target.settle()
            self._report(Progress("moving"))
            await self._source.set_mark(MOVED, {OTHER: self._target.name})
        self._report(Progress("opening"))
        async with self._target.transaction():
            await self._target.remove_mark()
        counts = {table.name: position.rows for table, position in positions.items()}
        return Copied(self._source.name, self._target.name, counts, self._changed)

    # preparing

    async def _prepare(self) -> None:
        for end in (self._source, self._target):
            await end.refuse_workers()
        await self._prepare_source()
        if await self._target.mark() is None:
            await self._begin()
        else:
            await self._resume()

    async def _prepare_source(self) -> None:
        source = self._source
        if mark := await source.mark():
            state = await source.state()
            if mark == COPYING or state[COPY_ID] != (await self._target.state()).get(COPY_ID):
                raise UnusableStoreError(SENTENCES[mark].format(other=state[OTHER]))
        else:
            await _migrate(source)
            await source.evict_workers()

    async def _begin(self) -> None:
        """Make the target this copy's. A new id each time: no earlier target is completed as well."""
        target = self._target
        await _migrate(target)
        await target.evict_workers()
        if not await target.is_empty():
            raise UnusableStoreError(
                f"{TARGET}: {target.name} has rows already: give an empty database, or the name of a new file."
            )
        copy_id = {COPY_ID: secrets.token_hex(8)}
        starts = str(await self._source.counter(WORKERS))
        async with target.transaction():
            await target.set_mark(COPYING, {**copy_id, OTHER: self._source.name, STARTS: starts})
        async with self._source.transaction():
            await self._source.remember(copy_id)

    async def _resume(self) -> None:
        """Go on with an earlier copy."""
        source, target = self._source, self._target
        state, own = await target.state(), await source.state()
        if await target.mark() == MOVED:
            why = (
                f"{target.name} was moved to {state[OTHER]} before: give an empty database, or the name of a new file."
            )
            raise UnusableStoreError(f"{TARGET}: {why}")
        if state[COPY_ID] != own.get(COPY_ID) or state[REVISION] != await source.revision():
            why = (
                f"{target.name} holds an unfinished copy of {state[OTHER]} that can't be gone on with: delete it first."
            )
            raise UnusableStoreError(f"{TARGET}: {why}")
        starts = str(await source.counter(WORKERS))
        if state[STARTS] == starts:
            self._state, self._is_resumed = state, True
            return
        log.info("a bot has worked with %s since the copy was interrupted; it begins anew", source.name)
        async with target.transaction():
            await target.clear()
            await target.forget(POSITION)
            await target.remember({STARTS: starts})

    # copying

    async def _copy(self, table: CopiedTable) -> Position:
        position = Position.load(self._state.get(POSITION + table.name))
        self._rows += position.rows
        async with OneBehind() as storing:
            async for page in self._source.pages(table, position.after):
                # While the page before it is stored.
                rows, changed, total = await asyncio.to_thread(_converted, table, page)
                self._note(table, changed)
                position = position.behind(table.key_of(page[-1]), len(rows), total)
                await storing.begin(self._add(table, rows, position))
                self._rows += len(rows)
                self._report(Progress("copying", table.name, self._rows, self._total))
        return position

    async def _add(self, table: CopiedTable, rows: Sequence[Row], position: Position) -> None:
        target = self._target
        try:
            async with target.transaction():
                await target.insert(table, rows)
                await target.remember({POSITION + table.name: position.dump()})
        except StoreError as error:
            if is_temporary(error):
                raise
            row = await self._find_refused(table, rows)
            which = f"row {table.key_of(row)} of {table.name}"
            raise UnusableStoreError(
                f"{TARGET}: {which} can't be stored there: {describe_error(error)}. Nothing is lost: it is in "
                f"{self._source.name}, and the copy goes on where it was when that row is corrected."
            ) from error

    async def _find_refused(self, table: CopiedTable, rows: Sequence[Row]) -> Row:
        """The first of these rows that the target does not take."""
        taken, refused = 0, len(rows)
        while refused - taken > 1:
            middle = (taken + refused) // 2
            if await self._target.can_store(table, rows[:middle]):
                taken = middle
            else:
                refused = middle
        return rows[taken]

    def _note(self, table: CopiedTable, changed: Sequence[Row]) -> None:
        if changed:
            self._changed += len(changed)
            keys = ", ".join(str(table.key_of(row)) for row in changed[:NAMED])
            log.warning(
                "%d rows of %s hold characters or numbers that no database stores as text; NUL is left out, and others "
                "become U+FFFD: %s%s",
                len(changed), table.name, keys, ", …" if len(changed) > NAMED else "",
            )  # fmt: skip

    # comparing

    async def _compare(self, table: CopiedTable, copied: Position) -> None:
        """Raises `UnusableStoreError` where the two tables differ."""
        # Rows that an earlier process has copied may have changed since.
        expected = await self._sum(self._source, table) if self._is_resumed else copied
        found = await self._sum(self._target, table, shown=True)
        if (expected.rows, expected.checksum) != (found.rows, found.checksum):
            raise UnusableStoreError(
                f"{TARGET}: the {found.rows} rows of {table.name} there differ from the {expected.rows} in "
                f"{self._source.name}. Delete {self._target.name}, and start the copy again."
            )

    async def _sum(self, end: CopyEnd, table: CopiedTable, *, shown: bool = False) -> Position:
        position = Position()

        async def add(page: Sequence[Row]) -> None:
            nonlocal position
            rows, _, total = await asyncio.to_thread(_converted, table, page)
            position = position.behind(None, len(rows), total)
            if shown:
                self._rows += len(rows)
                self._report(Progress("comparing", table.name, self._rows, self._total))

        async with OneBehind() as adding:
            async for page in end.pages(table, None):
                await adding.begin(add(page))
        return position

    async def _number(self, table: CopiedTable) -> None:
        """Numbers that the source has given are not given again."""
        if table.counted:
            latest = max(await self._source.counter(table), await self._source.highest(table))
            async with self._target.transaction():
                await self._target.set_counter(table, latest)


class OneBehind:
    """Does one piece of work while the next one is prepared. The context ends when all is done."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "OneBehind":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._done()

    async def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin this one when the one before it is done. Raises the error of that one."""
        try:
            await self._done()
        except BaseException:
            work.close()
            raise
        self._task = asyncio.create_task(work)

    async def _done(self) -> None:
        task, self._task = self._task, None
        if task:
            await task


def _converted(table: CopiedTable, page: Sequence[Row]) -> tuple[list[Row], list[Row], int]:
    rows, changed = table.converted(page)
    return rows, changed, checksum(rows)


async def _migrate(end: CopyEnd) -> None:
    """Bring a database to the newest revision, as a start of the bot does."""
    try:
        database = await Database.open(end.url.render_as_string(hide_password=False))
    except UnusableStoreError as error:
        raise UnusableStoreError(str(error).replace(SOURCE, end.setting, 1)) from error
    await database.aclose()
