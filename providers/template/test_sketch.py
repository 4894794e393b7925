"""Everything that the bot expects of a provider, played against the stand-in."""

from types import MappingProxyType

from imagine_bot_sketch import Sketch
from imagine_bot_sketch.simulator import SketchSimulator
from providers.testing import ServiceContract


class TestSketch(ServiceContract):
    """`{key}` and `{url}` are the stand-in's."""

    provider = Sketch
    simulator = SketchSimulator
    settings = MappingProxyType({"key": "{key}", "endpoint": "{url}/v1"})
