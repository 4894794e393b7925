"""What a provider is tested with: inherit `ProviderContract`, and give it a `Harness` of your service's stand-in."""

from providers.testing.clock import FastClock
from providers.testing.contract import ProviderContract
from providers.testing.harness import Harness, Scenario

__all__ = ["FastClock", "Harness", "ProviderContract", "Scenario"]
