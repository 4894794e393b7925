"""What a provider is tested with: inherit `ProviderContract`, and give it a `Harness` of your service's stand-in.

The shortest way: a stand-in made of `ServiceSimulator`, and `open_bench`.
"""

from providers.testing.bench import ServiceHarness, open_bench
from providers.testing.clock import FastClock
from providers.testing.contract import ProviderContract
from providers.testing.harness import Harness, Scenario
from providers.testing.meta import gaps
from providers.testing.service import Fault, Problem, ServiceSimulator, Task

__all__ = [
    "FastClock",
    "Fault",
    "Harness",
    "Problem",
    "ProviderContract",
    "Scenario",
    "ServiceHarness",
    "ServiceSimulator",
    "Task",
    "gaps",
    "open_bench",
]
