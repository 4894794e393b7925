"""The request for a generation or an edit, by the model's row."""

from collections.abc import Mapping

from aiohttp import FormData

from providers.base import ImageRequest, Reference
from providers.json_api import MOST_BYTES_OF_PICTURES
from providers.openai.models import STANDARD, OpenAIModel
from providers.openai.options import OpenAIOptions, OpenAISettings
from providers.openai.sizes import SIZES, fitted
from providers.options import nearest_shape

_BYTES_OF_PIXEL: Mapping[object, float] = {"jpeg": 1.2}
"""The most, as files are usually; a PNG of a photo has three or four."""
_BYTES_OF_PIXEL_AT_MOST = 3.3


def payload(row: OpenAIModel, request: ImageRequest[OpenAIOptions], settings: OpenAISettings) -> dict[str, object]:
    """The parameters, without the references and the stream."""
    options = request.options
    asked: dict[str, object] = {
        "model": options.model,
        "prompt": request.prompt,
        "n": options.n,
        "size": size(row, options, request.references),
        "quality": options.quality,
        "background": options.background,
    }
    if row.picks_format:
        # Ten pictures as PNG can be longer than an answer may be.
        asked["output_format"] = "png" if options.background == "transparent" else "jpeg"
    if settings.moderation != "auto":
        asked["moderation"] = settings.moderation
    return asked


def size(row: OpenAIModel, options: OpenAIOptions, references: tuple[Reference, ...]) -> str:
    """ "1536x864", or "auto". Where no shape is asked for, that of the first reference."""
    if options.ar != "auto":
        wide, high = (int(side) for side in options.ar.split(":"))
    elif references and row.picks_size:
        wide, high = references[0].width, references[0].height
    elif options.size != "auto":
        wide = high = 1
    else:
        return "auto"
    if not row.takes_any_size:
        return STANDARD[nearest_shape(STANDARD, (wide, high))]
    width, height = fitted(wide / high, SIZES[options.size if options.size != "auto" else "1k"])
    return f"{width}x{height}"


def most_at_once(asked: Mapping[str, object]) -> int:
    """The most pictures of one answer, which contains them in base64: a longer one is paid and lost."""
    width, _by, height = str(asked["size"]).partition("x")
    pixels = int(width) * int(height) if height else SIZES["1k"].pixels
    weight = pixels * _BYTES_OF_PIXEL.get(asked.get("output_format"), _BYTES_OF_PIXEL_AT_MOST)
    return max(1, int(MOST_BYTES_OF_PICTURES * 3 / 4 / weight))


async def form(asked: Mapping[str, object], references: tuple[Reference, ...]) -> FormData:
    """The parameters and the references of an edit, as a form."""
    filled = FormData()
    for name, value in asked.items():
        filled.add_field(name, str(value).lower() if isinstance(value, bool) else str(value))
    for number, reference in enumerate(references):
        ending = reference.media_type.removeprefix("image/")
        data = await reference.read()
        filled.add_field("image[]", data, filename=f"{number}.{ending}", content_type=reference.media_type)
    return filled
