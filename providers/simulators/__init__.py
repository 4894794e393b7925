"""Parts shared by the simulators of image services: server, tasks, faults, recorded calls, pictures. No pytest."""

from providers.simulators.faults import Fault, Problem
from providers.simulators.service import ServiceSimulator, Task

__all__ = ["Fault", "Problem", "ServiceSimulator", "Task"]
