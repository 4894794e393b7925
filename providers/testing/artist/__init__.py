"""Pictures drawn from words: what the simulators of image services, and so the demo, paint with."""

from providers.testing.artist.drawing import draw

__all__ = ["draw"]
