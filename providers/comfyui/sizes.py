"""The width and height that a workflow is given."""

from math import sqrt

from providers.comfyui.workflow import Workflow

USUAL_SIDE = 1024
STEP = 64
"""Sides are multiples of this: all models take that."""
MOST_RATIO = 3.0
"""The widest shape that is taken over from a reference."""


def size_of(workflow: Workflow, ar: str, reference: tuple[int, int] | None) -> tuple[int, int]:
    """Width and height in pixels. `ar` is a shape like "16:9" or "auto"; `reference`: the size of the first one.

    The defaults of the placeholders give the area, and without shape and reference also the shape.
    """
    width, height = (int(workflow.default(name) or USUAL_SIDE) for name in ("width", "height"))
    if ar != "auto":
        wide, _colon, high = ar.partition(":")
        return _of_ratio(width * height, int(wide) / int(high))
    if reference and all(reference):
        return _of_ratio(width * height, min(MOST_RATIO, max(1 / MOST_RATIO, reference[0] / reference[1])))
    return width, height


def _of_ratio(area: int, ratio: float) -> tuple[int, int]:
    width = sqrt(area * ratio)
    return _step(width), _step(width / ratio)


def _step(side: float) -> int:
    return max(1, round(side / STEP)) * STEP
