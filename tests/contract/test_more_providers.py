"""The contract suite for the providers whose simulators share `ServiceSimulator`."""

import asyncio
from types import MappingProxyType

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
from providers.testing import Scenario, ServiceContract, ServiceHarness
from providers.testing.steps import run

REFERENCES = (Scenario.REFERENCES_BY_URL, Scenario.REFERENCES_BY_BYTES, Scenario.REFUSED_REFERENCE)


NEVER_AT_ONCE = (Scenario.EXPIRED, Scenario.TOO_LONG, Scenario.MALFORMED_RESULT, Scenario.HICCUP)


class TestArk(ServiceContract):
    provider = Ark
    simulator = ArkSimulator
    settings = MappingProxyType({"api_key": "{key}", "endpoint": "{url}/api/v3"})


class TestOpenAI(ServiceContract):
    provider = OpenAI
    simulator = OpenAISimulator
    settings = MappingProxyType({"api_key": "{key}", "base_url": "{url}/v1"})
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "its moderation doesn't tell references from words"})


class TestOpenAIPreviews(TestOpenAI):
    """OpenAI with a stream of previews."""

    settings = MappingProxyType({**TestOpenAI.settings, "previews": 2})


class TestDashScope(ServiceContract):
    provider = DashScope
    simulator = DashScopeSimulator
    settings = MappingProxyType({"api_key": "{key}", "endpoint": "{url}/api/v1"})


class TestDashScopeAtOnce(TestDashScope):
    """A model that makes no tasks: it answers with the picture, whose address is the ticket."""

    settings = MappingProxyType({**TestDashScope.settings, "models": ("qwen-image-2.0",)})
    options = MappingProxyType({"model": "qwen-image-2.0"})
    impossible = dict.fromkeys(NEVER_AT_ONCE, "the answer is the picture: nothing is asked on the way")

    async def test_a_cancelled_watcher(self, harness: ServiceHarness) -> None:  # type: ignore[override]
        """The ticket comes with the picture, so the watcher is cancelled while the service draws."""
        draws = asyncio.Event()

        async def sleep(_seconds: float) -> None:
            draws.set()
            await asyncio.Event().wait()

        harness.simulator.sleep = sleep
        task = asyncio.create_task(run(harness, await harness.play(Scenario.SUCCESS)))
        await draws.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert harness.submitted == 1


class TestDashScopeFromText(TestDashScope):
    """A model of the older protocol."""

    settings = MappingProxyType({**TestDashScope.settings, "models": ("wan2.2-t2i-flash",)})
    options = MappingProxyType({"model": "wan2.2-t2i-flash"})
    impossible = dict.fromkeys(REFERENCES, "these models take no references")


class TestFal(ServiceContract):
    provider = Fal
    simulator = FalSimulator
    settings = MappingProxyType({"key": "{key}", "endpoint": "{url}", "catalogue": "{url}/v1"})


class TestReplicate(ServiceContract):
    provider = Replicate
    simulator = ReplicateSimulator
    settings = MappingProxyType({"token": "{key}", "endpoint": "{url}/v1"})
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "its models don't tell references from words"})


class TestGemini(ServiceContract):
    provider = Gemini
    simulator = GeminiSimulator
    settings = MappingProxyType({"api_key": "{key}", "endpoint": "{url}/v1beta"})
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "what it blocks before drawing it calls the prompt"})
