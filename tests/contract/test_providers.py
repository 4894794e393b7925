"""Every in-tree provider passes the contract suite."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web

from providers.base import ImageRequest, Reference
from providers.jimeng import Jimeng, JimengOptions, JimengSettings
from providers.jimeng.simulator import Call, Fault, JimengSimulator
from providers.testing import FastClock, Harness, ProviderContract, Scenario
from tests.support.jimeng import paint, reference

MODERATED = {
    Scenario.REFUSED_PROMPT: "a forbidden fox",
    Scenario.REFUSED_RESULT: "an unsafe result",
    Scenario.FAILED: "a broken result",
}
FAULTS = {
    Scenario.INVALID: Fault(kind="code", action="submit", code=50215),
    Scenario.BUSY: Fault(kind="code", action="submit", code=50430),
    Scenario.LOST: Fault(kind="lost", action="submit"),
    Scenario.MALFORMED_SUBMIT: Fault(kind="text", action="submit", status=200, text='{"code": 10000, "data": {}}'),
    Scenario.MALFORMED_RESULT: Fault(kind="text", action="result", status=200, text="[1, 2", times=2),
    Scenario.HICCUP: Fault(kind="drop", action="result", times=2),
}


class JimengHarness(Harness):
    """Jimeng with its simulator, both in simulated time, and a small web server that publishes references."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.clock = FastClock()
        self.seconds = 12.0
        self.simulator = JimengSimulator(
            durations=lambda _: self.seconds,
            clock=self.clock,
            draw_scale=0.05,
            draw=paint,
            concurrency=9,
            on_call=self._saw,
        )
        self.forgetful = False
        self.submit: dict[str, Any] = {}  # the body of the latest submit
        self.secrets = (self.simulator.keys.secret,)
        self.picture = paint("", (), 64, 64, 7)
        self.runner = web.AppRunner(self._publisher(), access_log=None)

    def _saw(self, call: Call) -> None:
        if call.name.endswith("SubmitTask"):
            self.submit = cast("dict[str, Any]", call.request)
            if self.forgetful:
                self.simulator.forget(cast("dict[str, Any]", call.response)["data"]["task_id"])

    def _publisher(self) -> web.Application:
        async def picture(_: web.Request) -> web.Response:
            return web.Response(body=self.picture, content_type="image/jpeg")

        app = web.Application()
        app.router.add_get("/{name}", picture)
        return app

    async def start(self) -> None:
        await self.simulator.start()
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        settings = JimengSettings.model_validate(
            {
                "access_key": self.simulator.keys.access,
                "secret_key": self.simulator.keys.secret,
                "endpoint": self.simulator.url,
            }
        )
        self.provider = Jimeng(settings, self.session, clock=self.clock, sleep=self.clock.sleep)

    async def aclose(self) -> None:
        await self.provider.aclose()
        await self.runner.cleanup()
        await self.simulator.aclose()

    def pass_time(self, seconds: float) -> None:
        self.clock.seconds += seconds

    async def play(self, scenario: Scenario) -> ImageRequest[JimengOptions]:
        self.forgetful = scenario is Scenario.EXPIRED
        self.seconds = 5000.0 if scenario is Scenario.TOO_LONG else 12.0
        if scenario in FAULTS:
            self.simulator.faults.append(FAULTS[scenario].model_copy())
        elif scenario is Scenario.MISCONFIGURED:
            self.simulator.activate(active=False)
        elif scenario is Scenario.UNREACHABLE:
            await self.simulator.aclose()
        return self._request(scenario)

    def _request(self, scenario: Scenario) -> ImageRequest[JimengOptions]:
        if scenario is Scenario.REFUSED_REFERENCE:
            return ImageRequest("an unsafe reference", JimengOptions(), self._references(url=False))
        if scenario in {Scenario.REFERENCES_BY_URL, Scenario.REFERENCES_BY_BYTES}:
            references = self._references(url=scenario is Scenario.REFERENCES_BY_URL)
            return ImageRequest("both of them", JimengOptions(), references)
        return ImageRequest(MODERATED.get(scenario, "a red fox"), JimengOptions(ar="16:9", size="1k"))

    def _references(self, *, url: bool) -> tuple[Reference, ...]:
        address = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return tuple(reference(self.picture, f"{address}/{name}.jpg" if url else None) for name in "ab")

    def several(self, count: int) -> ImageRequest[JimengOptions]:
        return ImageRequest("a red fox", JimengOptions(n=count))

    @property
    def submitted(self) -> int:
        return self.simulator.submits.total()

    @property
    def references_seen(self) -> int:
        return len(self.submit.get("image_urls") or self.submit.get("binary_data_base64") or ())


class TestJimeng(ProviderContract):
    provider = Jimeng

    @pytest.fixture
    async def harness(self) -> AsyncIterator[Harness]:
        async with ClientSession() as session:
            harness = JimengHarness(session)
            await harness.start()
            yield harness
            await harness.aclose()
