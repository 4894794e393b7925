"""The contract suite that every provider must pass. Needs pytest.

`ServiceContract` is for a simulator made of `providers.simulators.ServiceSimulator`. For another kind of simulator
subclass `ProviderContract`, and give it a `Harness`.
"""

from providers.testing.bench import ServiceContract, ServiceHarness, open_bench
from providers.testing.clock import FastClock
from providers.testing.contract import ProviderContract
from providers.testing.harness import Harness, Scenario
from providers.testing.meta import gaps

__all__ = [
    "FastClock",
    "Harness",
    "ProviderContract",
    "Scenario",
    "ServiceContract",
    "ServiceHarness",
    "gaps",
    "open_bench",
]
