"""Fakes for tests of the engine: a provider and a notifier that tests control."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Literal

from aiohttp import ClientSession
from pydantic import Field

from bot.jobs.ports import Progress
from providers.base import (
    Accepted,
    Capabilities,
    Event,
    Finished,
    ImageRequest,
    Picture,
    Provider,
    ProviderSettings,
    ReferenceLimits,
)
from providers.errors import ProviderError, Sentence
from providers.options import Options
from storage.duel_records import Duel, DuelStanding
from storage.pictures import Sent
from storage.records import CheckedReference, Job
from storage.store import Store


class FakeOptions(Options):
    n: int | Literal["auto"] = Field(1, description="how many", json_schema_extra={"allowed": "1–5"})


class FakeProvider(Provider[ProviderSettings, FakeOptions]):
    """Each task waits for `finish(ticket)`. `refuse`: what the next submits raise; `seed`: of its pictures;
    `note`: beside them."""

    title = "Fake"
    Settings = ProviderSettings
    Options = FakeOptions
    capabilities = Capabilities(
        prompt_length=50, pictures=5, references=ReferenceLimits(2, 1000, 100, (0.1, 10), frozenset({"image/png"}))
    )

    def __init__(self, settings: ProviderSettings, session: ClientSession | None = None) -> None:
        self.settings = settings
        self.submits = 0
        self.resumed: list[str] = []
        self.cancelled: list[str] = []
        self.seed: int | None = None
        self.note: Sentence | None = None
        self.refuse: list[Exception] = []
        self.references: list[bytes] = []
        self._ends: dict[str, asyncio.Future[None]] = {}

    def split(self, request: ImageRequest[FakeOptions]) -> tuple[ImageRequest[FakeOptions], ...]:
        n = request.options.n
        return (request.with_options(n=1),) * (n if isinstance(n, int) else 1)

    async def imagine(
        self, request: ImageRequest[FakeOptions], ticket: str | None = None
    ) -> AsyncGenerator[Event, None]:
        if ticket is None:
            if self.refuse:
                raise self.refuse.pop(0)
            self.references = [await reference.read() for reference in request.references]
            self.submits += 1
            ticket = f"t{self.submits}"
            yield Accepted(ticket)
        else:
            self.resumed.append(ticket)
        await asyncio.shield(self._end(ticket))
        yield Finished((Picture(url=f"https://pictures/{ticket}", seed=self.seed),), self.note)

    async def check(self) -> None:
        return

    async def cancel(self, ticket: str) -> bool:
        self.cancelled.append(ticket)
        return False

    def finish(self, ticket: str, error: ProviderError | None = None) -> None:
        if error:
            self._end(ticket).set_exception(error)
        else:
            self._end(ticket).set_result(None)

    def work_on(self, ticket: str) -> None:
        """The service works on it after all."""
        del self._ends[ticket]

    def _end(self, ticket: str) -> "asyncio.Future[None]":
        return self._ends.setdefault(ticket, asyncio.get_running_loop().create_future())


class RecordingNotifier:
    """A notifier that delivers into the store at once. `error_message`: the errors of the next deliveries;
    `fetched`: called when a reference is being fetched."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.shown: dict[int, Progress] = {}
        self.endings: list[Job] = []
        self.delivered: list[int] = []
        self.kept: list[int] = []
        self.not_sent: list[int] = []
        self.duels: dict[int, DuelStanding] = {}
        self.results: list[int] = []
        self.error_message: list[Exception] = []
        self.files: dict[str, CheckedReference | Exception] = {}
        self.fetched: Callable[[str], Awaitable[None]] | None = None
        self.changed = asyncio.Event()

    async def fetch(self, file_id: str, limits: ReferenceLimits, person: int) -> CheckedReference:
        found = self.files[file_id]
        if self.fetched:
            await self.fetched(file_id)
        if isinstance(found, Exception):
            raise found
        return found

    async def fit(self, data: bytes, limits: ReferenceLimits, person: int) -> CheckedReference:
        return CheckedReference(data, "image/jpeg", 8, 8, [])

    def show(self, job: Job, progress: Progress) -> None:
        self.shown[job.id] = progress
        self.changed.set()

    async def deliver(self, job: Job) -> None:
        if self.error_message:
            raise self.error_message.pop(0)
        for picture in await self._store.pictures.of_job(job.id):
            if picture.message_id is None:
                await self._store.pictures.sent(picture.id, Sent("photo", 1000 + picture.id, 1, 1, 1))
        self.delivered.append(job.id)
        self.changed.set()

    async def keep(self, job: Job) -> None:
        self.kept.append(job.id)
        self.changed.set()

    async def unsent(self, job: Job, *, only_here: bool = False) -> None:
        self.not_sent.append(job.id)
        self.changed.set()

    async def ended(self, job: Job, *, only_here: bool = False) -> None:
        self.endings.append(job)
        self.changed.set()

    def show_duel(self, standing: DuelStanding) -> None:
        self.duels[standing.duel.id] = standing
        self.changed.set()

    async def tell_result(self, duel: Duel) -> None:
        self.results.append(duel.id)
        self.changed.set()

    async def until(self, true: Callable[[], object]) -> None:
        """Wait for a condition on this fake."""
        async with asyncio.timeout(20):
            while not true():
                self.changed.clear()
                await self.changed.wait()
