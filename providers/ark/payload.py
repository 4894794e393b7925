"""The body of a call to Ark."""

from collections.abc import Mapping

from providers.ark.models import MOST_RATIO, SHAPES, TIERS, USUAL_TIER, ArkModel
from providers.ark.options import ArkOptions
from providers.base import ImageRequest
from providers.fitting import fitted, ratio_of
from providers.json_api import address

_SAME_SHAPE = 0.02
"""Shapes that differ so little are taken for the same one."""

Request = ImageRequest[ArkOptions]


def tier(row: ArkModel, options: ArkOptions) -> str:
    """The tier of the size. By default 2K, or the model's first tier where it has none."""
    return options.size or (USUAL_TIER if USUAL_TIER in row.sizes else next(iter(row.sizes)))


async def payload(row: ArkModel, request: Request, *, watermark: bool) -> Mapping[str, object]:
    """The body. Some models refuse any parameter of sets, also a null, so only a set has them."""
    options = request.options
    body: dict[str, object] = {
        "model": options.model,
        "prompt": request.prompt,
        "size": size(row, request),
        "response_format": "url",
        "watermark": watermark,
    }
    if request.references:
        body["image"] = [await address(reference) for reference in request.references]
    if options.set > 1:
        body["sequential_image_generation"] = "auto"
        body["sequential_image_generation_options"] = {"max_images": options.set}
        body["stream"] = True
    return body


def size(row: ArkModel, request: Request) -> str:
    """Width and height of the shape, or of the first reference's; without either the tier, and the model chooses."""
    name = tier(row, request.options)
    recommended = dict(zip(SHAPES, row.sizes.get(name, ()), strict=False))
    if request.options.ar != "auto":
        return recommended.get(request.options.ar) or _fitted(ratio_of(request.options.ar), name)
    if not request.references:
        return name.upper()
    ratio = request.references[0].width / request.references[0].height
    for shape, known in recommended.items():
        if abs(ratio / ratio_of(shape) - 1) < _SAME_SHAPE:
            return known
    return _fitted(ratio, name)


def _fitted(ratio: float, name: str) -> str:
    width, height = fitted(ratio, TIERS[name], most_ratio=MOST_RATIO)
    return f"{width}x{height}"
