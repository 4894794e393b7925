"""A strict simulator of a ComfyUI server on loopback, for the demo and the tests."""

from providers.comfyui.simulator.server import ComfyUISimulator

__all__ = ["ComfyUISimulator"]
