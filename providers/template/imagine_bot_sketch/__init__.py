"""Sketch, an image service: submit a task, poll it, fetch the pictures."""

from imagine_bot_sketch.options import SketchOptions, SketchSettings
from imagine_bot_sketch.provider import Sketch

__all__ = ["Sketch", "SketchOptions", "SketchSettings"]
