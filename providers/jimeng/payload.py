"""From a request's options to the fields of a submit, and the refusals that depend on the model that is called."""

from fractions import Fraction

from providers.base import ImageRequest, Reference
from providers.errors import InvalidRequestError, Sentence
from providers.jimeng.models import UPSCALED, JimengModel, Size
from providers.jimeng.options import JimengOptions
from providers.jimeng.sizes import LEAST_RATIO, MOST_RATIO, allowed, best_size, parse_ratio, parse_size, tier_area


def fields(model: JimengModel, request: ImageRequest[JimengOptions]) -> dict[str, object]:
    """The fields of a submit without its references. `model`: the one that is called."""
    options = request.options
    payload: dict[str, object] = {"req_key": model.req_key}
    if model.has_prompt:
        payload["prompt"] = request.prompt
    payload |= _shape(model, options, request.references)
    if model.scale:
        payload["scale"] = model.scaled(options.scale)
    if model.seeds and options.seed is not None:
        payload["seed"] = options.seed
    if model.picks_shape and options.n != "auto":
        payload["force_single"] = True
    return payload


def _shape(
    model: JimengModel, options: JimengOptions, references: tuple[Reference, ...]
) -> dict[str, int] | dict[str, str]:
    """`width` and `height`, or `size` as an area, or nothing: then the model chooses."""
    if model.resolution:
        return {"resolution": model.resolution}
    if exact := wanted_size(model, options, references):
        return {"width": exact[0], "height": exact[1]}
    return {"size": tier_area(model, options.size)} if options.size else {}


def wanted_size(model: JimengModel, options: JimengOptions, references: tuple[Reference, ...]) -> Size | None:
    """The width and height to ask for; None: the model chooses them.

    An edit keeps the shape of its first reference: most models see to that themselves, the others would make a square.
    """
    exact = parse_size(options.size) if options.size else None
    ratio = parse_ratio(options.ar) if options.ar else None
    if exact is None and ratio is None and not model.picks_shape and (options.size or references):
        ratio = _ratio_of(references)
    return exact or (best_size(model, ratio, options.size or default_tier(model)) if ratio else None)


def default_tier(model: JimengModel) -> str:
    """The tier of a model's own default size."""
    return "2k" if model.picks_shape else "1k"


def _ratio_of(references: tuple[Reference, ...]) -> Fraction:
    if not references or not references[0].width or not references[0].height:
        return Fraction(1)
    ratio = Fraction(references[0].width, references[0].height)
    return min(max(ratio, LEAST_RATIO), MOST_RATIO)


def refuse_size(model: JimengModel, options: JimengOptions) -> None:
    """Refuse a size that the called model doesn't make of a reference. Raises `InvalidRequestError`."""
    size = options.size
    if size is None or size in model.sizes:
        return
    exact = parse_size(size)
    if exact and allowed(model, exact):
        return
    values: dict[str, object] = {"model": model.called, "size": size, "least": model.sides[0], "most": model.sides[1]}
    raise InvalidRequestError(
        Sentence(
            "With a photo, {model} can't do --size {size}, only 1k or sides of {least} to {most} pixels. Use another "
            "--model for larger ones.",
            values,
        )
    )


def refuse_upscaling(request: ImageRequest[JimengOptions]) -> None:
    """Refuse to enlarge anything but one picture. Raises `InvalidRequestError`."""
    if request.options.size == UPSCALED and len(request.references) != 1:
        raise InvalidRequestError(Sentence("Only a single picture can be made larger. Send one, or tap “Larger”."))
