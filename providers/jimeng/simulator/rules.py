"""The rules for parameters. Anything unknown, of a wrong type or out of bounds is refused with its code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.jimeng.simulator.envelopes import Refusal

LEAST_AREA, MOST_AREA = 1024 * 1024, 4096 * 4096
MOST_TOGETHER = 15
MOST_BODY_BYTES = 10_000_000

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


@dataclass(frozen=True, slots=True)
class Row:
    """The differences of the models: references, the bounds of `scale`, and whether it is a whole number."""

    references: int
    scale: tuple[float, float]
    whole: bool


ROWS: Mapping[str, Row] = {
    "jimeng_t2i_v40": Row(10, (0, 1), whole=False),
    "jimeng_seedream46_cvtob": Row(14, (1, 100), whole=True),
}


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


def check_submit(payload: Mapping[str, Any]) -> Row:
    """Check a submit; return the model's row. Raises `Refusal`."""
    _typed(payload, _SUBMIT, "req_key", "prompt")
    row = _row(payload)
    if not payload["prompt"].strip():
        raise Refusal(50201, "prompt")
    if len(payload["prompt"]) > 800:
        raise Refusal(50200, "prompt has more than 800 characters")
    _check_references(payload, row)
    _check_scale(payload, row)
    _check_size(payload)
    _check_callback(payload)
    return row


def check_result(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Check a result query; return its parsed `req_json`. Raises `Refusal`."""
    _typed(payload, _RESULT, "req_key", "task_id")
    _row(payload)
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


def _row(payload: Mapping[str, Any]) -> Row:
    if payload["req_key"] not in ROWS:
        raise Refusal(50204, payload["req_key"])
    return ROWS[payload["req_key"]]


def _check_references(payload: Mapping[str, Any], row: Row) -> None:
    if "image_urls" in payload and "binary_data_base64" in payload:
        raise Refusal(50200, "image_urls and binary_data_base64 exclude each other")
    given = payload.get("image_urls", payload.get("binary_data_base64", []))
    if not all(type(item) is str for item in given):
        raise Refusal(50200, "references are strings")
    if len(given) > row.references:
        raise Refusal(50200, f"{len(given)} references, at most {row.references}")


def _check_scale(payload: Mapping[str, Any], row: Row) -> None:
    scale = payload.get("scale")
    if scale is None:
        return
    low, high = row.scale
    if not low <= scale <= high or round(scale, 0 if row.whole else 2) != scale:
        raise Refusal(50200, f"scale {scale} is not within {low}–{high}")
    if row.whole and type(scale) is not int:
        raise Refusal(50200, "scale is a whole number")


def _check_size(payload: Mapping[str, Any]) -> None:
    low, high = payload.get("min_ratio", 1 / 3), payload.get("max_ratio", 3)
    if not 1 / 16 <= low <= high <= 16 or low == 16 or high == 1 / 16:
        raise Refusal(50200, f"ratios {low}–{high} are not within 1/16–16")
    if "size" in payload and not LEAST_AREA <= payload["size"] <= MOST_AREA:
        raise Refusal(50200, f"size {payload['size']} is not within {LEAST_AREA}–{MOST_AREA}")
    width, height = payload.get("width"), payload.get("height")
    if (width is None) != (height is None):
        raise Refusal(50201, "width and height come together")
    if width is None or height is None:
        return
    if width <= 0 or height <= 0 or not LEAST_AREA <= width * height <= MOST_AREA:
        raise Refusal(50200, f"{width}×{height} is not within {LEAST_AREA}–{MOST_AREA} in all")
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
