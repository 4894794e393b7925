"""A strict simulator of Volcengine's visual API on loopback, for the demo and the tests.

It verifies signatures itself, uses both envelopes, refuses what the service refuses, fetches references by HTTP,
keeps the limits of an account, simulates the duration of tasks, serves pictures drawn from prompt and references for
24 h, and plays faults on request.

These words in a prompt trigger moderation:

| words | code | when |
|---|---|---|
| `forbidden` | 50412 | submit |
| `protected name` | 50413 | submit |
| `unsafe reference`, with references | 50411 | submit |
| `protected reference`, with references | 50518 | submit |
| `unsafe result` | 50511 | result |
| `protected result` | 50519 | result |
| `broken result` | 50501 | result |

With `late pictures` the first two results have no pictures, with `no pictures` all. With `leave it as it is` the result
is the first reference.
"""

from providers.jimeng.simulator.faults import Fault
from providers.jimeng.simulator.server import Call, JimengSimulator

__all__ = ["Call", "Fault", "JimengSimulator"]
