"""Pictures as large as a service can make them: the model and the value of the option `size`."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from providers.models import Model, today

PIXELS: Mapping[str, int] = {"1k": 1 << 20, "2k": 1 << 22, "3k": 9 << 20, "4k": 1 << 24}
"""About the pixels of each value of `size`, the smallest first."""
CLOSE = 0.8
"""A picture with this share of the pixels is as large already: shapes differ a little."""


class SizedOptions(Protocol):
    """The options of a provider with models and sizes."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def size(self) -> str:
        """The picture's size, or "auto"."""


def larger(rows: Iterable[Model], options: SizedOptions, size: tuple[int, int]) -> dict[str, str] | None:
    """The options `model` and `size` that remake a picture of `size` (pixels) as large as these models can.

    The model of `options` is preferred. None where nothing larger can be made. `rows`: models that take references.
    """
    able = sorted(
        (row for row in rows if _largest(row) and not row.has_ended(today())),
        key=lambda row: (-PIXELS[_largest(row)], row.name != options.model),
    )
    if not able:
        return None
    most = _largest(able[0])
    is_done = options.model == able[0].name and options.size == most
    if is_done or size[0] * size[1] >= PIXELS[most] * CLOSE:
        return None
    return {"model": able[0].name, "size": most}


def _largest(row: Model) -> str:
    return max((size for size in row.choices.get("size", ()) if size in PIXELS), key=PIXELS.__getitem__, default="")
