"""The contract suite of the Sketch provider, run against its simulator."""

from types import MappingProxyType

from imagine_bot_sketch import Sketch
from imagine_bot_sketch.simulator import SketchSimulator
from providers.testing import ServiceContract


class TestSketch(ServiceContract):
    """`{key}` and `{url}` are the simulator's."""

    provider = Sketch
    simulator = SketchSimulator
    settings = MappingProxyType({"key": "{key}", "endpoint": "{url}/v1"})
