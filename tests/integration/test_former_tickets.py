"""Tasks that were paid when their model was still set up, or by an earlier version: their tickets are polled."""

from collections.abc import Mapping
from typing import Any

import pytest

from providers.base import Accepted, Finished, ImageRequest
from providers.dashscope import DashScope
from providers.dashscope.simulator import DashScopeSimulator
from providers.fal import Fal
from providers.fal.simulator import FalSimulator
from providers.replicate import Replicate
from providers.replicate.simulator import ReplicateSimulator
from providers.testing.bench import open_bench

SERVICES: Mapping[type[Any], tuple[type[Any], dict[str, Any]]] = {
    DashScope: (DashScopeSimulator, {"api_key": "{key}", "endpoint": "{url}/api/v1"}),
    Fal: (FalSimulator, {"key": "{key}", "endpoint": "{url}", "catalogue": "{url}/v1"}),
    Replicate: (ReplicateSimulator, {"token": "{key}", "endpoint": "{url}/v1"}),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_ticket_is_polled_though_its_model_and_options_are_unknown(service: type[Any]) -> None:
    async with open_bench(service, *SERVICES[service]) as bench:
        events = bench.provider.imagine(bench.request("a red fox"))
        accepted = await anext(events)
        await events.aclose()
        assert isinstance(accepted, Accepted)
        resumed = ImageRequest(
            "a red fox", service.Options.model_construct(ar="7:3", size="9k", n=1, model="somebody/gone")
        )
        assert bench.provider.most_pictures(resumed) == 1
        seen = [event async for event in bench.provider.imagine(resumed, accepted.ticket)]
        assert isinstance(seen[-1], Finished)
        assert bench.simulator.submits.total() == 1
