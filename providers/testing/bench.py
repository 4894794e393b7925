"""`ServiceContract`: the contract suite for a provider whose simulator is a `ServiceSimulator`."""

import io
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from aiohttp import ClientSession, web
from PIL import Image

from providers.base import ImageRequest, Provider, Reference
from providers.polling import PollingProvider
from providers.simulators.faults import Fault
from providers.simulators.service import ServiceSimulator
from providers.testing.clock import FastClock
from providers.testing.contract import ProviderContract
from providers.testing.harness import Harness, Scenario

PROMPTS = {
    Scenario.REFUSED_PROMPT: "a forbidden fox",
    Scenario.REFUSED_REFERENCE: "an unsafe reference",
    Scenario.REFUSED_RESULT: "an unsafe result",
    Scenario.FAILED: "a broken result",
    Scenario.INVALID: "an impossible wish",
}
FAULTS = {
    Scenario.BUSY: Fault(kind="problem", action="submit", name="busy"),
    Scenario.LOST: Fault(kind="lost", action="submit"),
    Scenario.MALFORMED_SUBMIT: Fault(kind="text", action="submit", text='{"surprise": []}'),
    Scenario.MALFORMED_RESULT: Fault(kind="text", action="result", times=2),
    Scenario.HICCUP: Fault(kind="drop", action="result", times=2),
}
WITH_REFERENCES = {Scenario.REFERENCES_BY_URL, Scenario.REFERENCES_BY_BYTES, Scenario.REFUSED_REFERENCE}
NEVER_WITHOUT_TICKETS = dict.fromkeys(
    (Scenario.EXPIRED, Scenario.TOO_LONG, Scenario.MALFORMED_RESULT, Scenario.HICCUP),
    "the answer is the picture: nothing is asked on the way",
)


def small_picture(kind: str = "JPEG") -> bytes:
    """A picture of 64×64."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, kind)
    return buffer.getvalue()


class ServiceHarness(Harness):
    """A provider and its simulator on a clock of their own. Made by `open_bench`. `options`: of all requests."""

    def __init__(
        self,
        session: ClientSession,
        kind: type[Provider[Any, Any]],
        simulator: type[ServiceSimulator],
        *,
        impossible: Mapping[Scenario, str] = MappingProxyType({}),
        count: str = "n",
    ) -> None:
        self.session = session
        self.kind = kind
        self.clock = FastClock()
        self.seconds = 12.0
        self.simulator = simulator(
            durations=lambda _: self.seconds,
            clock=self.clock,
            sleep=self.clock.sleep,
            draw=lambda _prompt, _references, _width, _height, _seed: small_picture(),
        )
        self.impossible = impossible
        self.secrets = (self.simulator.key,)
        self.options: dict[str, Any] = {}
        self._count = count
        self._data = small_picture()
        self._published = web.AppRunner(self._publisher(), access_log=None)

    def build(self, settings: Mapping[str, Any]) -> None:
        """Build the provider with these settings."""
        read = self.kind.Settings.model_validate(settings)
        timed = {"clock": self.clock, "sleep": self.clock.sleep} if issubclass(self.kind, PollingProvider) else {}
        self.provider = self.kind(read, self.session, **timed)
        if not self.provider.capabilities.resumes:
            self.impossible = {**self.impossible, **NEVER_WITHOUT_TICKETS}

    async def start(self) -> None:
        """Start the simulator, and a small server that publishes references."""
        await self.simulator.start()
        await self._published.setup()
        await web.TCPSite(self._published, "127.0.0.1", 0).start()

    async def aclose(self) -> None:
        """Stop all of it."""
        await self.provider.aclose()
        await self._published.cleanup()
        await self.simulator.aclose()

    def pass_time(self, seconds: float) -> None:
        """See `Harness`."""
        self.clock.seconds += seconds

    async def play(self, scenario: Scenario) -> ImageRequest[Any]:
        """See `Harness`."""
        self.simulator.forgetful = scenario is Scenario.EXPIRED
        self.simulator.revoked = scenario is Scenario.MISCONFIGURED
        self.seconds = 5000.0 if scenario is Scenario.TOO_LONG else 12.0
        if scenario in FAULTS:
            self.simulator.faults.append(FAULTS[scenario].model_copy())
        elif scenario is Scenario.UNREACHABLE:
            await self.simulator.aclose()
        references = self.references(2, url=scenario is not Scenario.REFERENCES_BY_BYTES)
        return self.request(
            PROMPTS.get(scenario, "a red fox"), references if scenario in WITH_REFERENCES else (), **self.options
        )

    def request(self, prompt: str, references: tuple[Reference, ...] = (), **options: Any) -> ImageRequest[Any]:
        """A request with these options."""
        return ImageRequest(prompt, self.kind.Options.model_validate(options), references)

    def references(self, count: int, *, url: bool) -> tuple[Reference, ...]:
        """References, published or not."""

        async def read() -> bytes:
            return self._data

        origin = f"http://127.0.0.1:{self._published.addresses[0][1]}"
        addresses = [f"{origin}/{number}.jpg" if url else None for number in range(count)]
        return tuple(Reference("image/jpeg", 64, 64, len(self._data), read, one) for one in addresses)

    def several(self, count: int) -> ImageRequest[Any]:
        """See `Harness`."""
        return self.request("a red fox", **{**self.options, self._count: count})

    @property
    def submitted(self) -> int:
        """See `Harness`."""
        return self.simulator.submits.total()

    @property
    def references_seen(self) -> int:
        """See `Harness`."""
        return len(list(self.simulator.tasks.values())[-1].references)

    def _publisher(self) -> web.Application:
        async def picture(_: web.Request) -> web.Response:
            return web.Response(body=self._data, content_type="image/jpeg")

        app = web.Application()
        app.router.add_get("/{name}", picture)
        return app


@asynccontextmanager
async def open_bench(
    kind: type[Provider[Any, Any]],
    simulator: type[ServiceSimulator],
    settings: Mapping[str, Any],
    *,
    impossible: Mapping[Scenario, str] = MappingProxyType({}),
) -> AsyncGenerator[ServiceHarness, None]:
    """A running provider and its simulator. `settings`: the provider's table; its `{url}` and `{key}` are filled in."""
    async with ClientSession() as session:
        harness = ServiceHarness(session, kind, simulator, impossible=impossible)
        await harness.start()
        known = {"url": harness.simulator.url, "key": harness.simulator.key}
        harness.build(
            {name: value.format(**known) if isinstance(value, str) else value for name, value in settings.items()}
        )
        try:
            yield harness
        finally:
            await harness.aclose()


class ServiceContract(ProviderContract):
    """The whole suite. `settings`: the provider's table, in which `{url}` and `{key}` are the simulator's; `options`:
    those of all requests; `impossible`: scenarios that can't happen at this service, each with the reason."""

    simulator: ClassVar[type[ServiceSimulator]]
    settings: ClassVar[Mapping[str, Any]]
    options: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    impossible: ClassVar[Mapping[Scenario, str]] = MappingProxyType({})

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        """The running provider and simulator."""
        async with open_bench(self.provider, self.simulator, self.settings, impossible=self.impossible) as harness:
            harness.options = dict(self.options)
            yield harness
