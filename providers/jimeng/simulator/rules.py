"""The rules for parameters. Anything unknown, of a wrong type or out of bounds is refused with its code."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from providers.jimeng.models import JimengModel, by_key
from providers.jimeng.simulator.envelopes import Refusal

MOST_BODY_BYTES = 10_000_000
RESOLUTIONS = {"4k": 4096 * 4096, "8k": 8192 * 8192}
"""The areas, in pixels, that the upscaler makes."""

_NUMBER = (int, float)
_SUBMIT: Mapping[str, tuple[type, ...]] = {
    "req_key": (str,),
    "prompt": (str,),
    "image_urls": (list,),
    "binary_data_base64": (list,),
    "size": (int,),
    "width": (int,),
    "height": (int,),
    "scale": _NUMBER,
    "force_single": (bool,),
    "min_ratio": _NUMBER,
    "max_ratio": _NUMBER,
    "callback_url": (str,),
    **dict.fromkeys(("logo_info", "aigc_meta"), (str,)),
    "return_url": (bool,),
    "seed": (int,),
    "use_pre_llm": (bool,),
    "resolution": (str,),
}
_WITH_CALLBACK = ("return_url", "logo_info", "aigc_meta")
_RESULT: Mapping[str, tuple[type, ...]] = {"req_key": (str,), "task_id": (str,), "req_json": (str,)}
_REQ_JSON: Mapping[str, tuple[type, ...]] = {"return_url": (bool,), "logo_info": (dict,), "aigc_meta": (dict,)}
_LOGO: Mapping[str, tuple[type, ...]] = {
    "add_logo": (bool,),
    "position": (int,),
    "language": (int,),
    "opacity": _NUMBER,
    "logo_text_content": (str,),
}
_META: Mapping[str, tuple[type, ...]] = dict.fromkeys(
    ("content_producer", "producer_id", "content_propagator", "propagate_id"), (str,)
)


def read_body(body: bytes) -> dict[str, Any]:
    """Parse the JSON object of a request. Raises `Refusal`."""
    if len(body) > MOST_BODY_BYTES:
        raise Refusal(50213, f"{len(body)} bytes")
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise Refusal(50200, "the body is not JSON") from error
    if not isinstance(payload, dict):
        raise Refusal(50200, "the body is not a JSON object")
    return payload


def check_submit(payload: Mapping[str, Any]) -> JimengModel:
    """Check a submit; return the model. Raises `Refusal`."""
    _typed(payload, _SUBMIT, "req_key")
    model = _model(payload)
    foreign = payload.keys() - set(_taken(model))
    if foreign:
        raise Refusal(50200, f"{', '.join(sorted(foreign))} is unknown")
    if model.has_prompt:
        _check_prompt(payload, model)
    _check_references(payload, model)
    _check_scale(payload, model)
    _check_size(payload, model)
    _check_more(payload)
    _check_callback(payload)
    return model


def _taken(model: JimengModel) -> Iterator[str]:
    """The parameters that a model takes."""
    yield from ("req_key", *(("prompt",) if model.has_prompt else ()), *(("scale",) if model.scale else ()))
    if model.references:
        yield from ("image_urls", "binary_data_base64")
    if model.calls_back:
        yield from ("callback_url", *_WITH_CALLBACK)
    if model.picks_shape:
        yield from ("size", "force_single", "min_ratio", "max_ratio")
    if model.resolution:
        yield "resolution"
    else:
        yield from ("width", "height")
    if model.seeds:
        yield from ("seed", *(() if model.references else ("use_pre_llm",)))


def _check_prompt(payload: Mapping[str, Any], model: JimengModel) -> None:
    if not payload.get("prompt", "").strip():
        raise Refusal(50201, "prompt")
    if len(payload["prompt"]) > model.prompt_length:
        raise Refusal(50200, f"prompt has more than {model.prompt_length} characters")


def _check_more(payload: Mapping[str, Any]) -> None:
    if not -1 <= payload.get("seed", -1) < 2**31:
        raise Refusal(50200, "seed is -1 to 2147483647")
    if payload.get("resolution", "4k") not in RESOLUTIONS:
        raise Refusal(50200, "resolution is 4k or 8k")


def check_result(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Check a result query; return its parsed `req_json`. Raises `Refusal`."""
    _typed(payload, _RESULT, "req_key", "task_id")
    _model(payload)
    try:
        extra = json.loads(payload.get("req_json", "{}"))
    except ValueError as error:
        raise Refusal(50200, "req_json is not JSON") from error
    if not isinstance(extra, dict):
        raise Refusal(50200, "req_json is not a JSON object")
    _check_extra(extra)
    return extra


def _check_callback(payload: Mapping[str, Any]) -> None:
    given = {name: payload[name] for name in _WITH_CALLBACK if name in payload}
    if "callback_url" not in payload:
        if given:
            raise Refusal(50200, f"{', '.join(given)} without callback_url")
        return
    if not payload["callback_url"].startswith(("http://", "https://")):
        raise Refusal(50200, "callback_url is no address")
    try:
        _check_extra({name: json.loads(value) if type(value) is str else value for name, value in given.items()})
    except ValueError as error:
        raise Refusal(50200, "logo_info and aigc_meta are JSON") from error


def _check_extra(extra: Mapping[str, Any]) -> None:
    _typed(extra, _REQ_JSON)
    _check_marks(extra.get("logo_info", {}), extra.get("aigc_meta"))


def _typed(payload: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], *needed: str) -> None:
    for name in needed:
        if name not in payload:
            raise Refusal(50201, name)
    for name, value in payload.items():
        if name not in known:
            raise Refusal(50200, f"{name} is unknown")
        if type(value) not in known[name]:  # exactly: True is no number here
            raise Refusal(50200, f"{name} has the wrong type")


def _model(payload: Mapping[str, Any]) -> JimengModel:
    model = by_key(payload["req_key"])
    if model is None:
        raise Refusal(50204, payload["req_key"])
    return model


def _check_references(payload: Mapping[str, Any], model: JimengModel) -> None:
    if "image_urls" in payload and "binary_data_base64" in payload:
        raise Refusal(50200, "image_urls and binary_data_base64 exclude each other")
    given = payload.get("image_urls", payload.get("binary_data_base64", []))
    if not all(type(item) is str for item in given):
        raise Refusal(50200, "references are strings")
    most = model.references.count if model.references else 0
    if len(given) > most:
        raise Refusal(50200, f"{len(given)} references, at most {most}")
    if not given and most == 1:
        raise Refusal(50201, "image_urls")


def _check_scale(payload: Mapping[str, Any], model: JimengModel) -> None:
    scale = payload.get("scale")
    if scale is None or model.scale is None:
        return
    low, high, digits = model.scale
    if not low <= scale <= high or round(scale, digits) != scale:
        raise Refusal(50200, f"scale {scale} is not within {low}–{high}")
    if not digits and type(scale) is not int:
        raise Refusal(50200, "scale is a whole number")


def _check_size(payload: Mapping[str, Any], model: JimengModel) -> None:
    low, high = payload.get("min_ratio", 1 / 3), payload.get("max_ratio", 3)
    least, most = model.area
    if not 1 / 16 <= low <= high <= 16 or low == 16 or high == 1 / 16:
        raise Refusal(50200, f"ratios {low}–{high} are not within 1/16–16")
    if "size" in payload and not least <= payload["size"] <= most:
        raise Refusal(50200, f"size {payload['size']} is not within {least}–{most}")
    width, height = payload.get("width"), payload.get("height")
    if (width is None) != (height is None):
        raise Refusal(50201, "width and height come together")
    if width is None or height is None:
        return
    if width <= 0 or height <= 0 or not least <= width * height <= most:
        raise Refusal(50200, f"{width}×{height} is not within {least}–{most} in all")
    if min(width, height) < model.sides[0] or max(width, height) > model.sides[1]:
        raise Refusal(50200, f"the sides of {width}×{height} are not within {model.sides[0]}–{model.sides[1]}")
    if not low <= width / height <= high:
        raise Refusal(50200, f"{width}×{height} is not within the ratios {low}–{high}")


def _check_marks(logo: Mapping[str, Any], meta: Mapping[str, Any] | None) -> None:
    _typed(logo, _LOGO)
    if logo.get("position", 0) not in range(4) or logo.get("language", 0) not in range(2):
        raise Refusal(50200, "logo_info: position is 0–3, language 0–1")
    if not 0 <= logo.get("opacity", 1) <= 1:
        raise Refusal(50200, "logo_info: opacity is 0–1")
    if meta is not None:
        _typed(meta, _META, "producer_id")
