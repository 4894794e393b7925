"""The contract suite for the providers whose stand-ins are made of `providers.testing.service`."""

from collections.abc import AsyncIterator
from types import MappingProxyType

import pytest

from providers.ark import Ark
from providers.ark.simulator import ArkSimulator
from providers.dashscope import DashScope
from providers.dashscope.simulator import DashScopeSimulator
from providers.fal import Fal
from providers.fal.simulator import FalSimulator
from providers.gemini import Gemini
from providers.gemini.simulator import GeminiSimulator
from providers.openai import OpenAI
from providers.openai.simulator import OpenAISimulator
from providers.replicate import Replicate
from providers.replicate.simulator import ReplicateSimulator
from providers.testing import ProviderContract, Scenario, ServiceHarness, open_bench

REFERENCES = (Scenario.REFERENCES_BY_URL, Scenario.REFERENCES_BY_BYTES, Scenario.REFUSED_REFERENCE)


class TestArk(ProviderContract):
    provider = Ark

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        settings = {"api_key": "{key}", "endpoint": "{url}/api/v3"}
        async with open_bench(Ark, ArkSimulator, settings) as harness:
            yield harness


class TestOpenAI(ProviderContract):
    provider = OpenAI
    previews = 0
    impossible = dict.fromkeys(
        (Scenario.REFUSED_REFERENCE, Scenario.REFUSED_RESULT),
        "its moderation doesn't say what it was about; the words are most of it",
    )

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        settings = {"api_key": "{key}", "base_url": "{url}/v1", "previews": self.previews}
        async with open_bench(OpenAI, OpenAISimulator, settings, impossible=self.impossible) as harness:
            yield harness


class TestOpenAIPreviews(TestOpenAI):
    """The same with a stream of previews."""

    previews = 2


class TestDashScope(ProviderContract):
    provider = DashScope
    impossible = dict.fromkeys(REFERENCES, "the models here take no references") | {
        Scenario.REFUSED_RESULT: "one code for all that moderation refuses"
    }

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        settings = {"api_key": "{key}", "endpoint": "{url}/api/v1"}
        async with open_bench(DashScope, DashScopeSimulator, settings, impossible=self.impossible) as harness:
            yield harness


class TestFal(ProviderContract):
    provider = Fal
    impossible = dict.fromkeys(
        (Scenario.REFUSED_REFERENCE, Scenario.REFUSED_RESULT), "one kind of error for all that moderation refuses"
    )

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        settings = {"key": "{key}", "endpoint": "{url}"}
        async with open_bench(Fal, FalSimulator, settings, impossible=self.impossible) as harness:
            yield harness


class TestReplicate(ProviderContract):
    provider = Replicate
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "its models don't tell references from words"})

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        settings = {"token": "{key}", "endpoint": "{url}/v1"}
        async with open_bench(Replicate, ReplicateSimulator, settings, impossible=self.impossible) as harness:
            yield harness


class TestGemini(ProviderContract):
    provider = Gemini
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "what it blocks before drawing it calls the prompt"})

    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServiceHarness]:
        settings = {"api_key": "{key}", "endpoint": "{url}/v1beta"}
        async with open_bench(Gemini, GeminiSimulator, settings, impossible=self.impossible) as harness:
            yield harness
