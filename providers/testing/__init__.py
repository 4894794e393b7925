"""What a provider is tested with: `ServiceContract`, and a stand-in of the service made of `ServiceSimulator`.

A stand-in of another kind: inherit `ProviderContract`, and give it a `Harness`.
"""

from providers.testing.bench import ServiceContract, ServiceHarness, open_bench
from providers.testing.clock import FastClock
from providers.testing.contract import ProviderContract
from providers.testing.faults import Fault, Problem
from providers.testing.harness import Harness, Scenario
from providers.testing.meta import gaps
from providers.testing.service import ServiceSimulator, Task

__all__ = [
    "FastClock",
    "Fault",
    "Harness",
    "Problem",
    "ProviderContract",
    "Scenario",
    "ServiceContract",
    "ServiceHarness",
    "ServiceSimulator",
    "Task",
    "gaps",
    "open_bench",
]
