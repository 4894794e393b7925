"""Parts that stand-ins of image services share: a server, tasks, faults, recorded calls, pictures. Needs no pytest."""

from providers.simulators.faults import Fault, Problem
from providers.simulators.service import ServiceSimulator, Task

__all__ = ["Fault", "Problem", "ServiceSimulator", "Task"]
