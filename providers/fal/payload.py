"""The input of an app, by its row."""

from collections.abc import Sequence
from math import sqrt

from providers.base import Reference
from providers.fal.models import FalModel
from providers.fal.options import FalOptions
from providers.larger import PIXELS
from providers.single_field import in_field

STEP = 16
"""The sides of a picture are multiples of it."""


def payload(
    row: FalModel, prompt: str, options: FalOptions, references: Sequence[Reference], addresses: Sequence[str]
) -> dict[str, object]:
    """The input for this prompt, with the `addresses` of its references."""
    given: dict[str, object] = {"prompt": prompt, "output_format": "jpeg"}
    if addresses:
        given[row.reference_field] = in_field(row.reference_field, addresses)
    if row.pictures > 1:
        given["num_images"] = options.n
    if options.seed is not None and "seed" not in row.choices:
        given["seed"] = options.seed
    return given | _shape(row, options, references)


def _shape(row: FalModel, options: FalOptions, references: Sequence[Reference]) -> dict[str, object]:
    """The inputs about the picture's shape and size: none where the app does the right thing by itself."""
    if row.areas:
        size = _image_size(row, options, references)
        return {} if size is None else {"image_size": size}
    shape = {"aspect_ratio": options.ar} if options.ar in row.choices["ar"] else {}
    tier = {"resolution": row.resolutions[options.size]} if options.size in row.resolutions else {}
    return {**shape, **tier}


def _image_size(row: FalModel, options: FalOptions, references: Sequence[Reference]) -> object:
    """A name, or width and height in the shape that was asked for, else in that of the first reference."""
    wide, _colon, high = options.ar.partition(":")
    key: str
    if high:
        key, ratio = options.ar if options.size == "auto" else "", int(wide) / int(high)
    elif references:
        key, ratio = "", references[0].width / references[0].height
    else:
        key, ratio = options.size, 0.0 if options.size == "auto" else 1.0
    if key in row.presets or not ratio:
        return row.presets.get(key)
    return sides(row.areas.get(options.size) or PIXELS[options.size], ratio)


def sides(area: int, ratio: float) -> dict[str, int]:
    """Width and height of at most `area` pixels, near to this width/height."""
    width, height = (int(sqrt(area * part)) // STEP * STEP for part in (ratio, 1 / ratio))
    return {"width": max(STEP, width), "height": max(STEP, height)}
