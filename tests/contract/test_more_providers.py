"""The contract suite for the providers whose simulators share `ServiceSimulator`."""

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
from providers.testing import Scenario, ServiceContract

REFERENCES = (Scenario.REFERENCES_BY_URL, Scenario.REFERENCES_BY_BYTES, Scenario.REFUSED_REFERENCE)


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
    impossible = dict.fromkeys(REFERENCES, "the models here take no references")


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
