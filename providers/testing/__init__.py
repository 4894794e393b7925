"""The suite that every provider must pass. Needs pytest.

`ServiceContract` goes with a stand-in made of `providers.simulators.ServiceSimulator`. For a stand-in of another kind
inherit `ProviderContract`, and give it a `Harness`.
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
