"""The contract suite for OpenRouter and ComfyUI."""

from types import MappingProxyType

from providers.openrouter import OpenRouter
from providers.openrouter.simulator import OpenRouterSimulator
from providers.testing import Scenario, ServiceContract


class TestOpenRouter(ServiceContract):
    provider = OpenRouter
    simulator = OpenRouterSimulator
    settings = MappingProxyType({"api_key": "{key}", "endpoint": "{url}/api/v1"})
    impossible = MappingProxyType({Scenario.REFUSED_REFERENCE: "its moderation doesn't tell references from words"})
