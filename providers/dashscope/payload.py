"""The body of a call to DashScope, in each of its two protocols."""

from collections.abc import Mapping
from typing import Any

from providers.base import ImageRequest
from providers.dashscope.models import DashScopeModel
from providers.dashscope.options import DashScopeOptions
from providers.errors import InvalidRequestError, Sentence
from providers.fitting import fitted, ratio_of
from providers.json_api import address
from providers.options import nearest_shape

Request = ImageRequest[DashScopeOptions]


async def payload(
    row: DashScopeModel, request: Request, *, watermark: bool, prompt_extend: bool | None
) -> Mapping[str, object]:
    """The body of a call for one picture. Without `n` some models make four, all paid."""
    options = request.options
    parameters: dict[str, object] = {"n": 1, "watermark": watermark}
    if found := size(row, request):
        parameters["size"] = found
    if options.seed is not None:
        parameters["seed"] = options.seed
    if row.extends and prompt_extend is not None:
        parameters["prompt_extend"] = prompt_extend
    asked: dict[str, Any] = {"prompt": request.prompt}
    avoided = {"negative_prompt": options.avoid} if options.avoid else {}
    if row.protocol == "text":
        asked |= avoided
    else:
        asked = {"messages": [{"role": "user", "content": await _content(request)}]}
        parameters |= avoided
    return {"model": options.model, "input": asked, "parameters": parameters}


async def _content(request: Request) -> list[dict[str, str]]:
    pictures = [{"image": await address(reference)} for reference in request.references]
    return [*pictures, {"text": request.prompt}]


def size(row: DashScopeModel, request: Request) -> str | None:
    """Width and height of the shape and the tier, or of the first reference's shape.

    None: the model's own choice.
    """
    options, references = request.options, request.references
    if not (options.ar or options.size or references):
        return None
    shape = (references[0].width, references[0].height) if references else (1, 1)
    if row.fixed:
        width, height = row.fixed[options.ar or nearest_shape(row.fixed, shape)]
    else:
        ratio = ratio_of(options.ar) if options.ar else shape[0] / shape[1]
        width, height = fitted(ratio, row.areas[tier(row, options)], most_ratio=row.ratio, sides=row.sides)
    return f"{width}*{height}"


def tier(row: DashScopeModel, options: DashScopeOptions) -> str:
    """The tier of the size, by default the model's usual one."""
    return options.size if options.size and options.size in row.areas else next(iter(row.areas))


def refuse_size(row: DashScopeModel, request: Request) -> None:
    """Refuse a size that the model makes from words alone. Raises `InvalidRequestError`."""
    if request.references and row.areas[tier(row, request.options)] > row.edit_pixels:
        values = {"model": row.called, "use": "--size", "size": request.options.size, "most": row.largest}
        raise InvalidRequestError(
            Sentence("With pictures as references, {model} can't do {use} {size}. Use {use} {most}.", values)
        )
