"""The contract suite for OpenRouter and ComfyUI."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from types import MappingProxyType

import pytest

from providers.base import Accepted
from providers.comfyui import ComfyUI
from providers.comfyui.simulator import ComfyUISimulator
from providers.openrouter import OpenRouter
from providers.openrouter.simulator import OpenRouterSimulator
from providers.testing import Harness, Scenario, ServiceContract, ServiceHarness
from providers.testing.steps import finished, run
from tests.support.comfyui import WORKFLOWS, open_comfyui

FREE = "ComfyUI has no moderation"


class TestOpenRouter(ServiceContract):
    provider = OpenRouter
    simulator = OpenRouterSimulator
    settings = MappingProxyType({"api_key": "{key}", "endpoint": "{url}/api/v1"})
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "its moderation doesn't tell references from words"})


class TestComfyUI(ServiceContract):
    provider = ComfyUI
    simulator = ComfyUISimulator
    settings = MappingProxyType({"endpoint": "{url}", "workflows": WORKFLOWS})
    impossible = MappingProxyType(
        {
            Scenario.REFUSED_PROMPT: FREE,
            Scenario.REFUSED_REFERENCE: FREE,
            Scenario.REFUSED_RESULT: FREE,
            Scenario.BUSY: "its queue takes every task",
            Scenario.LOST: "the task is found in the queue by its id, which the bot gave it: see test_comfyui",
        }
    )

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        async with open_comfyui(self.settings, self.impossible) as harness:
            yield harness

    async def test_leaving_early(self, harness: Harness) -> None:
        """ComfyUI draws one task after the other: the one that was left is cancelled before the next is asked for."""
        left = harness.provider.imagine(await harness.play(Scenario.TOO_LONG))
        async with aclosing(left):
            first = await anext(left)
        assert isinstance(first, Accepted)
        assert [event async for event in left] == []
        assert await harness.provider.cancel(first.ticket)
        events = await run(harness, await harness.play(Scenario.SUCCESS))
        assert finished(events).pictures


class TestComfyUIBehindALogin(TestComfyUI):
    """Pictures come as bytes: the bot has no token to fetch them with."""

    settings = MappingProxyType({**TestComfyUI.settings, "token": "{key}"})

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        async with open_comfyui(self.settings, self.impossible) as harness:
            harness.simulator.is_locked = True
            yield harness
